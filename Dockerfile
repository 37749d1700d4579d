# A coordinator or a worker: the command decides.
#   docker run IMAGE run quick-start
#   docker run IMAGE worker --join ws://coordinator:7700
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json build.mjs tsconfig.json ./
COPY coordinator coordinator
COPY worker worker
COPY protocol protocol
COPY scenarios scenarios
COPY test test
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
ENV NODE_ENV=production
EXPOSE 7700
ENTRYPOINT ["node", "/app/dist/scenarios/cli.js"]
CMD ["--help"]

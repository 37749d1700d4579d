# A coordinator or a worker: the command decides.
#   docker run IMAGE run quick-start
#   docker run -e GRADSWARM_TOKEN IMAGE worker --join ws://coordinator:7700
# Build:  docker build --build-arg COMMIT=$(git rev-parse HEAD) -t gradswarm .
ARG NODE_IMAGE=node:20-bookworm-slim

# What a run needs, without what only a debugger or a compiler reads.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && node -e "const fs = require('fs'); for (const p of fs.readdirSync('node_modules', { recursive: true })) if (/\.(map|d\.[cm]?ts)$/.test(p)) fs.rmSync('node_modules/' + p)"

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY build.mjs tsconfig.json ./
COPY protocol protocol
COPY worker worker
COPY coordinator coordinator
COPY scenarios scenarios
RUN node build.mjs

FROM ${NODE_IMAGE} AS cpu
ARG COMMIT=
ARG VERSION=
LABEL org.opencontainers.image.title="gradswarm" \
      org.opencontainers.image.description="Distributed and federated training simulator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
# Of what the image was built; goes into the record of every run.
ENV NODE_ENV=production GRADSWARM_COMMIT=${COMMIT}
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
COPY package.json LICENSE /app/
COPY scenarios/swarm /app/scenarios/swarm
RUN mkdir /runs && chown node:node /runs
USER node
# Runs are written to ./runs: the volume.
WORKDIR /
VOLUME /runs
EXPOSE 7700
STOPSIGNAL SIGTERM
# Asks a coordinator that listens at :7700. Of a worker the coordinator is the judge: start it with --no-healthcheck.
HEALTHCHECK --interval=20s --timeout=30s --start-period=60s --retries=5 CMD ["node", "/app/dist/scenarios/swarm/health-check.js"]
ENTRYPOINT ["node", "/app/dist/scenarios/cli.js"]
CMD ["--help"]

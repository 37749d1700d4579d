# A coordinator or a worker: the command decides.
#   docker run IMAGE run quick-start
#   docker run -e GRADSWARM_TOKEN IMAGE worker --join ws://coordinator:7700
# Build:  docker build --target cpu --build-arg COMMIT=$(git rev-parse HEAD) -t gradswarm .
#         docker build --target gpu --build-arg COMMIT=$(git rev-parse HEAD) -t gradswarm:gpu .    (not tried on a GPU)
# Without a target it is cpu; a builder without BuildKit then makes the stages of gpu too, and throws them away.
ARG NODE_IMAGE=node:20-bookworm-slim
# Debian or Ubuntu with the libraries of CUDA 12, or with none: the wheel's own come from PyPI. Of the host it takes the driver.
ARG CUDA_IMAGE=nvidia/cuda:12.5.1-base-ubuntu22.04

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
COPY build.mjs join-modules.mjs tsconfig.json ./
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

# Node and its headers on the image of CUDA.
FROM ${CUDA_IMAGE} AS cuda
COPY --from=packages /usr/local/bin/node /usr/local/bin/
COPY --from=packages /usr/local/include/node /usr/local/include/node

# The device tfjs-node on TensorFlow's CUDA 12 wheel; tensorflow-cpu makes an image that needs no GPU.
FROM cuda AS tensorflow
ARG TENSORFLOW=tensorflow
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ make python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
COPY --from=packages /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
WORKDIR /native
RUN npm init --yes > /dev/null \
 && npm install --ignore-scripts --no-audit --no-fund @tensorflow/tfjs-node@4.22.0
COPY worker/native/build-tensorflow.sh worker/native/cuda-libraries.sh /native/
RUN sh build-tensorflow.sh /native ${TENSORFLOW}
RUN sh cuda-libraries.sh /native /native/cuda && rm -f node_modules/.tensorflow/*.whl

FROM cuda AS gpu
ARG COMMIT=
ARG VERSION=
LABEL org.opencontainers.image.title="gradswarm" \
      org.opencontainers.image.description="Distributed and federated training simulator, with TensorFlow on CUDA 12" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
# /native: packages that gradswarm does not bring.
ENV NODE_ENV=production GRADSWARM_COMMIT=${COMMIT} NODE_PATH=/native/node_modules
COPY --from=tensorflow /native /native
# The loader finds the libraries of CUDA wherever their wheels keep them.
RUN find /native/cuda -name '*.so*' -printf '%h\n' | sort -u > /etc/ld.so.conf.d/gradswarm.conf && ldconfig
COPY --from=cpu /app /app
RUN useradd --create-home --shell /bin/sh node && mkdir /runs && chown node:node /runs
USER node
WORKDIR /
VOLUME /runs
EXPOSE 7700
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=20s --timeout=30s --start-period=60s --retries=5 CMD ["node", "/app/dist/scenarios/swarm/health-check.js"]
ENTRYPOINT ["node", "/app/dist/scenarios/cli.js"]
CMD ["--help"]

FROM cpu

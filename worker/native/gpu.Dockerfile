# The image of gradswarm with the device `tfjs-node` on TensorFlow's CUDA 12 wheel. Not tried on a GPU.
#   docker build -t gradswarm . && docker build -f worker/native/gpu.Dockerfile -t gradswarm-gpu .
#   docker run --gpus all gradswarm-gpu devices
# The libraries of CUDA come from PyPI; of the host it takes the driver (NVIDIA Container Toolkit).
# The image of gradswarm: Debian or Ubuntu with Node and its headers.
ARG BASE=gradswarm

FROM ${BASE} AS tensorflow
# tensorflow-cpu makes an image that needs no GPU.
ARG TENSORFLOW=tensorflow
USER root
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /native
RUN npm init --yes > /dev/null \
 && npm install --ignore-scripts --no-audit --no-fund @tensorflow/tfjs-node@4.22.0
COPY worker/native/build-tensorflow.sh worker/native/cuda-libraries.sh /native/
RUN sh build-tensorflow.sh /native ${TENSORFLOW}
RUN sh cuda-libraries.sh /native /native/cuda && rm -f node_modules/.tensorflow/*.whl

FROM ${BASE}
USER root
COPY --from=tensorflow /native /native
# The loader finds the libraries of CUDA wherever their wheels keep them.
RUN find /native/cuda -name '*.so*' -printf '%h\n' | sort -u > /etc/ld.so.conf.d/cuda.conf && ldconfig
# Packages that gradswarm does not bring.
ENV NODE_PATH=/native/node_modules
USER node
WORKDIR /

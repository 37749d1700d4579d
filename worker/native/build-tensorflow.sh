#!/bin/sh
# Builds the addon of @tensorflow/tfjs-node 4.22 against the TensorFlow of a wheel from PyPI (2.21 when this was written), instead of
# the 2.9 that its own installation downloads. Its source is unchanged; one build serves Node 20, 22 and 24.
#
#   npm install --save-dev --ignore-scripts @tensorflow/tfjs-node@4.22.0
#   sh node_modules/gradswarm/worker/native/build-tensorflow.sh [FOLDER] [WHEEL]
#   npx gradswarm devices
#
# FOLDER: with node_modules, the present one by default. WHEEL: tensorflow-cpu by default; `tensorflow` computes on a GPU where the CUDA 12
# libraries that its extra `and-cuda` names are found (not tried). Needs g++, make, python3 with pip, room for
# 1.2 GB, and the headers of Node: those of the `node` that runs, or include/node/ below NODEDIR.
set -eu

root=$(cd "${1:-.}" && pwd -P)
wheel=${2:-tensorflow-cpu}
addon=$root/node_modules/@tensorflow/tfjs-node
kept=$root/node_modules/.tensorflow

refuse() {
  echo "build-tensorflow.sh: $1" >&2
  exit 1
}

[ -f "$addon/binding.gyp" ] || refuse "$addon: expected the package, got nothing; npm install --save-dev --ignore-scripts @tensorflow/tfjs-node@4.22.0"
for tool in g++ make python3 node; do
  command -v "$tool" > /dev/null || refuse "expected $tool, got no such command"
done
nodedir=${NODEDIR:-$(node -p 'require("node:path").resolve(process.execPath, "../..")')}
[ -f "$nodedir/include/node/node_api.h" ] ||
  refuse "$nodedir/include/node: expected the headers of Node, got nothing; set NODEDIR to a folder that has include/node/"

mkdir -p "$kept" "$addon/deps/lib"
python3 -m pip download --quiet --no-deps --dest "$kept" "$wheel"
# Of the wheel: the headers and the two libraries.
python3 - "$kept" << 'PYTHON'
import glob, os, sys, zipfile

folder = sys.argv[1]
HEADERS = ("tensorflow/c/", "tensorflow/core/", "xla/tsl/", "tsl/")
LIBRARIES = ("tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2")
newest = max(glob.glob(folder + "/tensorflow*.whl"), key=os.path.getmtime)
with zipfile.ZipFile(newest) as wheel:
    for name in wheel.namelist():
        if name in LIBRARIES or (name.endswith(".h") and name.startswith(tuple("tensorflow/include/" + h for h in HEADERS))):
            wheel.extract(name, folder)
PYTHON

ln -sfn "$kept/tensorflow/include" "$addon/deps/include"
for library in tensorflow_cc tensorflow_framework; do
  ln -sf "$kept/tensorflow/lib$library.so.2" "$addon/deps/lib/lib$library.so.2"
done
ln -sf libtensorflow_cc.so.2 "$addon/deps/lib/libtensorflow.so"
ln -sf libtensorflow_framework.so.2 "$addon/deps/lib/libtensorflow_framework.so"

cd "$addon"
npm_config_nodedir=$nodedir CXXFLAGS=-std=c++17 npx node-pre-gyp install --build-from-source
node -e '
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require(process.cwd());
const { TF_Version } = tf.backend().binding;
const [sum] = tf.matMul([[1, 2]], [[3], [4]]).dataSync();
if (sum !== 11) throw new Error(`expected a product of 11, got ${sum}`);
console.log(`TensorFlow ${TF_Version}, computed ${tf.backend().isUsingGpuDevice ? "on a GPU" : "on the CPU"}`);
'

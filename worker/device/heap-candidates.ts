import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { blasMultiply, openBlas } from './blas/blas.js';
import { VARIABLE as BLAS } from './blas/blas-library.js';
import { type Access, activate, type Candidate, type LoadPackage } from './candidate.js';
import { foreignFunctions } from './foreign/foreign-functions.js';
import { HeapAddress } from './foreign/heap-address.js';
import { heapView, product } from './heap-kernels.js';
import { installWasmKernels } from './kernel-overrides.js';
import { OnednnConvolution } from './onednn/onednn-convolution.js';
import { VARIABLE as ONEDNN } from './onednn/onednn-library.js';
import { onednnMultiply } from './onednn/onednn-multiply.js';
import { openOnednn } from './onednn/open-onednn.js';
import { registerHeapBackend } from './simd/heap-backend.js';
import { type HeapModule, heapOf, openHeapModule, Scratch } from './simd/heap-module.js';
import { simdMultiply } from './simd/multiply.js';
import { addressOf } from './simd/product-kernels.js';
import { tf } from './tensorflow.js';
import { addToHash, type WordHash } from './word-hash.js';

const require = createRequire(import.meta.url);

/** Straight through the wasm heap. A view becomes invalid when the memory grows, so each is created just before its use. */
function wasmAccess(backend: BackendWasm, loops: Loops): Access {
  return {
    upload: <R extends tf.Rank>(values: Float32Array, shape: readonly number[]) =>
      tf.tensor(values, [...shape] as never, 'float32') as tf.Tensor<R>,
    read(tensors, into) {
      let offset = 0;
      for (const tensor of tensors) {
        into.set(backend.typedArrayFromHeap(tensor) as Float32Array, offset);
        offset += tensor.size;
      }
    },
    tensorCount: () => tf.memory().numTensors,
    stepping: {
      hash(tensors, into) {
        for (const tensor of tensors) loops.hash(tensor, into);
        return into;
      },
      stepped: (weights, gradients, rate, hash) =>
        weights.map((weight, i) => {
          const out = backend.makeOutput(weight.shape, 'float32');
          loops.step(out, weight, gradients[i]!, rate, hash);
          return tf.engine().makeTensorFromTensorInfo(out);
        }),
    },
  };
}

interface Loops {
  /** into = weights - rate x gradient, in float64 and rounded once; the bits of `into` are added to the hash. */
  step(into: TensorInfo, weights: TensorInfo, gradient: TensorInfo, rate: number, hash: WordHash | null): void;
  hash(tensor: TensorInfo, into: WordHash): void;
}

function plainLoops(backend: BackendWasm): Loops {
  return {
    step(into, weights, gradient, rate, hash) {
      const [y, w, g] = [heapView(backend, into), heapView(backend, weights), heapView(backend, gradient)];
      for (let j = 0; j < y.length; j++) y[j] = w[j]! - rate * g[j]!;
      if (hash) addToHash(hash, y);
    },
    hash: (tensor, into) => void addToHash(into, heapView(backend, tensor)),
  };
}

/** The same bits in SIMD. */
function simdLoops(backend: BackendWasm, module: HeapModule): Loops {
  const at = (info: TensorInfo) => addressOf(backend, info);
  const scratch = new Scratch(heapOf(backend));
  // On the heap.
  const withHash = (hash: WordHash, use: (at: number) => void) => {
    const room = scratch.room(4 * hash.length);
    const words = () => new Uint32Array(heapOf(backend).HEAPU8.buffer, room, hash.length);
    words().set(hash);
    use(room);
    hash.set(words());
  };
  return {
    step(into, weights, gradient, rate, hash) {
      const [y, w, g, count] = [at(into), at(weights), at(gradient), product(into.shape)];
      if (hash) withHash(hash, (room) => module.stepAndHash(y, w, g, count, rate, room));
      else module.step(y, w, g, count, rate);
    },
    hash: (tensor, into) => withHash(into, (room) => module.hash(at(tensor), product(tensor.shape), room)),
  };
}

/** The stock backend with kernels of gradswarm, running. */
async function openWasm(load: LoadPackage): Promise<BackendWasm> {
  const { setWasmPaths } = (await load('@tensorflow/tfjs-backend-wasm')) as {
    setWasmPaths(folder: string): void;
  };
  // Refused once the backend runs, which is so when a second scenario asks for it.
  if (tf.findBackend('wasm') === null) setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  await activate('wasm');
  installWasmKernels();
  return tf.backend() as BackendWasm;
}

export const wasm: Candidate = {
  name: 'wasm',
  role: 'default',
  packages: ['@tensorflow/tfjs-backend-wasm'],
  install: 'npm install gradswarm',
  async open(load) {
    const backend = await openWasm(load);
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    return { access: wasmAccess(backend, plainLoops(backend)), detail: simd ? 'SIMD' : 'no SIMD' };
  },
};

/** The same heap with products of gradswarm. `relaxed`: multiply-adds that round as the processor does. */
function simdCandidate(name: string, { relaxed }: { readonly relaxed: boolean }): Candidate {
  return {
    name,
    role: 'bundled',
    packages: ['@tensorflow/tfjs-backend-wasm'],
    install: 'npm install gradswarm',
    async open(load) {
      const backend = await openWasm(load);
      // Node 20 has it behind a flag that can still be set while it runs.
      if (relaxed) setFlagsFromString('--experimental-wasm-relaxed-simd');
      const module = openHeapModule(backend, relaxed);
      registerHeapBackend(name, backend, module, simdMultiply(backend, module), { direct: true });
      await activate(name);
      const rounding = relaxed ? ', multiply-adds round as this processor does' : ', equal bits on all machines';
      return {
        access: wasmAccess(backend, simdLoops(backend, module)),
        detail: `packed products in WASM SIMD${rounding}`,
      };
    },
  };
}

export const simd = simdCandidate('simd', { relaxed: false });

export const relaxedSimd = simdCandidate('simd-relaxed', { relaxed: true });

/** Products of an OpenBLAS that the machine has, on the same heap. */
export const blas: Candidate = {
  name: 'blas',
  role: 'installed',
  packages: ['koffi'],
  install: `npm install --save-dev koffi (and OpenBLAS: apt install libopenblas0, or a NumPy installation, or ${BLAS}=FILE)`,
  async open(load) {
    const foreign = foreignFunctions(await load('koffi'));
    const library = openBlas(foreign);
    const backend = await openWasm(load);
    const module = openHeapModule(backend, false);
    const base = new HeapAddress(foreign, heapOf(backend));
    registerHeapBackend('blas', backend, module, blasMultiply(base, module, library));
    await activate('blas');
    return { access: wasmAccess(backend, simdLoops(backend, module)), detail: library.detail };
  },
};

/** With so few, transformed tiles share the second cache with the transformed filter; products by WASM SIMD are slower then. */
const FORWARD_NUMBERS = 90112;

/** Products and convolutions of an oneDNN that the machine has, on the same heap. */
export const onednn: Candidate = {
  name: 'onednn',
  role: 'installed',
  packages: ['koffi'],
  install: `npm install --save-dev koffi (and oneDNN 3: pip install onednn-cpu-gomp, or a system's libdnnl.so.3, or ${ONEDNN}=FILE)`,
  async open(load) {
    const foreign = foreignFunctions(await load('koffi'));
    const library = openOnednn(foreign);
    const backend = await openWasm(load);
    const module = openHeapModule(backend, false);
    const base = new HeapAddress(foreign, heapOf(backend));
    const multiply = onednnMultiply(library, base, simdMultiply(backend, module));
    registerHeapBackend('onednn', backend, module, multiply, {
      untiled: new OnednnConvolution(library, base),
      forwardNumbers: FORWARD_NUMBERS,
    });
    await activate('onednn');
    return { access: wasmAccess(backend, simdLoops(backend, module)), detail: library.detail };
  },
};

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Device } from './device-access.js';
import { installWasmKernels } from './kernel-overrides.js';

type Access = Pick<Device, 'upload' | 'read' | 'tensorCount'>;

export interface Backend {
  readonly access: Access;
  /** What exactly was opened, for the report. */
  readonly detail: string;
}

/** Loads a package by its name. An absent one throws an error whose message begins with 'absent'. */
export type LoadPackage = (name: string) => Promise<Record<string, unknown>>;

interface Candidate {
  readonly name: string;
  open(load: LoadPackage): Promise<Backend>;
}

const require = createRequire(import.meta.url);

export const loadInstalled: LoadPackage = async (name) => {
  let path: string;
  try {
    path = require.resolve(name);
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    throw new Error(`absent (package ${name} is not installed)`);
  }
  return import(pathToFileURL(path).href);
};

async function activate(backendName: string): Promise<void> {
  // Otherwise it prints advice to install another backend, into the middle of the run's output.
  tf.env().set('PROD', true);
  const ready = await tf.setBackend(backendName);
  await tf.ready();
  if (!ready || tf.getBackend() !== backendName) throw new Error(`backend '${backendName}' did not start`);
}

/** Ways in and out that every backend has. `synchronous`: its data can be read without waiting. */
function portableAccess(synchronous: boolean): Access {
  return {
    // A copy: some backends keep the array they are given.
    upload: <R extends tf.Rank>(values: Float32Array, shape: readonly number[]) =>
      tf.tensor(values.slice(), [...shape] as never, 'float32') as tf.Tensor<R>,
    read(tensors, into) {
      let offset = 0;
      if (synchronous) {
        for (const tensor of tensors) {
          into.set(tensor.dataSync() as Float32Array, offset);
          offset += tensor.size;
        }
        return;
      }
      return Promise.all(tensors.map((tensor) => tensor.data())).then((all) => {
        for (const values of all) {
          into.set(values as Float32Array, offset);
          offset += values.length;
        }
      });
    },
    tensorCount: () => tf.memory().numTensors,
  };
}

/** Straight through the wasm heap. A view becomes invalid when the memory grows, so each is created just before its use. */
function wasmAccess(backend: BackendWasm): Access {
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
  };
}

function nativeCandidate(name: string): Candidate {
  return {
    name,
    async open(load) {
      await load(`@tensorflow/${name}`);
      await activate('tensorflow');
      return { access: portableAccess(true), detail: `package @tensorflow/${name}` };
    },
  };
}

const webgpu: Candidate = {
  name: 'webgpu',
  async open(load) {
    const dawn = (await load('webgpu')) as {
      create(flags: string[]): { requestAdapter(): Promise<{ info?: { description?: string } } | null> };
      globals: Record<string, unknown>;
    };
    const gpu = dawn.create([]);
    const adapter = await gpu.requestAdapter();
    if (adapter === null) throw new Error('absent (package webgpu is installed, but there is no adapter)');
    Object.assign(globalThis, dawn.globals);
    // Newer Node versions have a navigator without gpu, older ones none.
    const navigator = globalThis.navigator ?? {};
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    await load('@tensorflow/tfjs-backend-webgpu');
    await activate('webgpu');
    return { access: portableAccess(false), detail: adapter.info?.description || 'an adapter' };
  },
};

const wasm: Candidate = {
  name: 'wasm',
  async open(load) {
    const { setWasmPaths } = (await load('@tensorflow/tfjs-backend-wasm')) as {
      setWasmPaths(folder: string): void;
    };
    // Refused once the backend runs, which is so when a second scenario asks for it.
    if (tf.findBackend('wasm') === null) setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
    await activate('wasm');
    installWasmKernels();
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    return { access: wasmAccess(tf.backend() as BackendWasm), detail: simd ? 'SIMD' : 'no SIMD' };
  },
};

const cpu: Candidate = {
  name: 'cpu',
  async open(load) {
    await load('@tensorflow/tfjs-backend-cpu');
    await activate('cpu');
    return { access: portableAccess(true), detail: 'plain JavaScript, slow' };
  },
};

/** In the order in which they are tried. */
export const CANDIDATES: readonly Candidate[] = [
  nativeCandidate('tfjs-node-gpu'),
  nativeCandidate('tfjs-node'),
  webgpu,
  wasm,
  cpu,
];

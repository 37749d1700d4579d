import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
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
  /** Needs packages, and often a GPU, that are not there everywhere. */
  readonly isAccelerator?: true;
  /** Whose version is that of the device. */
  readonly packages: readonly string[];
  /** What installs it. */
  readonly install: string;
  /** `named`: asked for by its name, and so taken where it is not what one would choose. */
  open(load: LoadPackage, named: boolean): Promise<Backend>;
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

/** Of an installed package; null: it is not installed. */
export function versionOf(name: string): string | null {
  try {
    for (let folder = dirname(require.resolve(name)); folder !== dirname(folder); folder = dirname(folder)) {
      const file = join(folder, 'package.json');
      const found = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
      if (found.name === name) return found.version;
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
  }
  return null;
}

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

/** Of tfjs-node, which still calls functions that newer versions of Node have removed. */
const REMOVED_FROM_UTIL: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: Array.isArray,
};

function nativeCandidate(name: string, { isGpu }: { readonly isGpu: boolean }): Candidate {
  return {
    name,
    isAccelerator: true,
    packages: [`@tensorflow/${name}`],
    install: `npm install --save-dev @tensorflow/${name}${isGpu ? ' (and an NVIDIA driver, CUDA 11.2, cuDNN 8)' : ''}`,
    async open(load) {
      const util = require('node:util') as Record<string, unknown>;
      for (const [missing, replacement] of Object.entries(REMOVED_FROM_UTIL)) util[missing] ??= replacement;
      // Otherwise one process takes all memory of the GPU, and a second worker none. Read when the library is loaded.
      process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
      await load(`@tensorflow/${name}`);
      await activate('tensorflow');
      const onGpu = (tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
      if (isGpu && !onGpu)
        throw new Error(`absent (package @tensorflow/${name} is installed, but TensorFlow uses no GPU)`);
      const { binding } = tf.backend() as { readonly binding?: { readonly TF_Version?: string } };
      const library = binding?.TF_Version ? `, TensorFlow ${binding.TF_Version}` : '';
      return {
        access: portableAccess(true),
        detail: `package @tensorflow/${name}${library}, ${onGpu ? 'on a GPU' : 'on the CPU'}`,
      };
    },
  };
}

interface Adapter {
  readonly info?: { readonly description?: string; readonly isFallbackAdapter?: boolean };
  /** Of older versions. */
  readonly isFallbackAdapter?: boolean;
}

const webgpu: Candidate = {
  name: 'webgpu',
  isAccelerator: true,
  packages: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
  install:
    'npm install --save-dev webgpu @tensorflow/tfjs-backend-webgpu (and a Vulkan driver; Debian, Ubuntu: apt install libvulkan1)',
  async open(load, named) {
    const dawn = (await load('webgpu')) as {
      create(flags: string[]): { requestAdapter(options: object): Promise<Adapter | null> };
      globals: Record<string, unknown>;
    };
    const gpu = dawn.create([]);
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null)
      throw new Error(
        'absent (package webgpu is installed, but there is no adapter: expected a GPU driver and libvulkan1)',
      );
    const description = adapter.info?.description || 'an adapter';
    // 150 times slower than wasm; known by its name too, because drivers do not all say so.
    const isSoftware =
      adapter.info?.isFallbackAdapter === true ||
      adapter.isFallbackAdapter === true ||
      /swiftshader|llvmpipe|lavapipe/i.test(description);
    if (isSoftware && !named)
      throw new Error(`absent (only a software adapter: ${description}; name the device webgpu to use it)`);
    Object.assign(globalThis, dawn.globals);
    // Newer Node versions have a navigator without gpu, older ones none.
    const navigator = globalThis.navigator ?? {};
    Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    await load('@tensorflow/tfjs-backend-webgpu');
    await activate('webgpu');
    return { access: portableAccess(false), detail: isSoftware ? `${description}, software` : description };
  },
};

const wasm: Candidate = {
  name: 'wasm',
  packages: ['@tensorflow/tfjs-backend-wasm'],
  install: 'npm install gradswarm',
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
  packages: ['@tensorflow/tfjs-backend-cpu'],
  install: 'npm install gradswarm',
  async open(load) {
    await load('@tensorflow/tfjs-backend-cpu');
    await activate('cpu');
    return { access: portableAccess(true), detail: 'plain JavaScript, slow' };
  },
};

/** In the order in which they are tried. */
export const CANDIDATES: readonly Candidate[] = [
  wasm,
  cpu,
  nativeCandidate('tfjs-node-gpu', { isGpu: true }),
  nativeCandidate('tfjs-node', { isGpu: false }),
  webgpu,
];

import { createRequire } from 'node:module';
import { activate, type Candidate, portableAccess, portableStepping } from './candidate.js';
import { blas, onednn, relaxedSimd, simd, wasm } from './heap-candidates.js';
import { tf } from './tensorflow.js';

const require = createRequire(import.meta.url);

/** Of tfjs-node, which still calls functions that newer versions of Node have removed. */
const REMOVED_FROM_UTIL: Readonly<Record<string, (value: unknown) => boolean>> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: Array.isArray,
};

function nativeCandidate(name: string, { isGpu }: { readonly isGpu: boolean }): Candidate {
  return {
    name,
    role: 'installed',
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
        access: { ...portableAccess(true), stepping: portableStepping() },
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
  role: 'installed',
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
    const access = { ...portableAccess(false), stepping: portableStepping() };
    return { access, detail: isSoftware ? `${description}, software` : description };
  },
};

const cpu: Candidate = {
  name: 'cpu',
  role: 'default',
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
  simd,
  relaxedSimd,
  blas,
  onednn,
  nativeCandidate('tfjs-node-gpu', { isGpu: true }),
  nativeCandidate('tfjs-node', { isGpu: false }),
  webgpu,
];

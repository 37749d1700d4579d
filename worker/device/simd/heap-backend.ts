import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { RELU_GRADIENT } from '../relu-gradient.js';
import { tf } from '../tensorflow.js';
import { convolution, filterGradient, inputGradient, maxPoolGradient, Patches } from './convolution-kernels.js';
import type { HeapModule } from './heap-module.js';
import type { Multiply } from './multiply.js';
import { batchMatMul, columnSums, fusedMatMul, reluGradient } from './product-kernels.js';
import { TiledConvolution } from './tiled-convolution.js';

/**
 * Registers a backend that is the running wasm backend with other kernels: products, convolutions and their gradients by
 * `multiply`. Both share one heap, and tensors of one are tensors of the other. Once a name and process.
 */
export function registerHeapBackend(name: string, wasm: BackendWasm, module: HeapModule, multiply: Multiply): void {
  if (tf.findBackend(name) !== null) return;
  tf.copyRegisteredKernels('wasm', name);
  const stock = (kernel: string) => tf.getKernel(kernel, 'wasm').kernelFunc;
  const patches = new Patches(wasm, module);
  const tiled = new TiledConvolution(wasm, module, multiply);
  const kernels: Readonly<Record<string, tf.KernelFunc>> = {
    BatchMatMul: batchMatMul(multiply),
    _FusedMatMul: fusedMatMul(multiply, stock('_FusedMatMul')),
    Conv2D: convolution(multiply, patches, tiled, stock('Conv2D')),
    FusedConv2D: convolution(multiply, patches, tiled, stock('FusedConv2D')),
    Conv2DBackpropFilter: filterGradient(multiply, patches, tiled),
    Conv2DBackpropInput: inputGradient(multiply, patches, tiled),
    MaxPoolGrad: maxPoolGradient(module),
    Sum: columnSums(module, stock('Sum')),
    [RELU_GRADIENT]: reluGradient(module),
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, name)) tf.unregisterKernel(kernelName, name);
    tf.registerKernel({ kernelName, backendName: name, kernelFunc });
  }
  // Below the others: it is taken only by its name.
  tf.registerBackend(name, () => wasm, 0);
}

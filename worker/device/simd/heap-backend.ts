import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { RELU_GRADIENT } from '../relu-gradient.js';
import { tf } from '../tensorflow.js';
import type { ChooseAlgorithm } from './convolution-algorithm.js';
import { convolution, filterGradient, inputGradient, maxPoolGradient } from './convolution-kernels.js';
import { DirectConvolution, isDirect } from './direct-convolution.js';
import type { HeapModule } from './heap-module.js';
import type { Multiply } from './multiply.js';
import { PatchConvolution } from './patch-convolution.js';
import { batchMatMul, columnSums, fusedMatMul, reluGradient } from './product-kernels.js';
import { isTiled, TiledConvolution } from './tiled-convolution.js';

/**
 * Registers a backend that is the running wasm backend with other kernels: products, convolutions and their gradients by
 * `multiply`. Both share one heap, and tensors of one are tensors of the other. Once a name and process. `direct`: convolutions of few channels
 * take no products.
 */
export function registerHeapBackend(
  name: string,
  wasm: BackendWasm,
  module: HeapModule,
  multiply: Multiply,
  { direct }: { readonly direct: boolean },
): void {
  if (tf.findBackend(name) !== null) return;
  tf.copyRegisteredKernels('wasm', name);
  const stock = (kernel: string) => tf.getKernel(kernel, 'wasm').kernelFunc;
  const choose = algorithms(wasm, module, multiply, direct);
  const kernels: Readonly<Record<string, tf.KernelFunc>> = {
    BatchMatMul: batchMatMul(multiply),
    _FusedMatMul: fusedMatMul(multiply, stock('_FusedMatMul')),
    Conv2D: convolution(choose, stock('Conv2D')),
    FusedConv2D: convolution(choose, stock('FusedConv2D')),
    Conv2DBackpropFilter: filterGradient(choose),
    Conv2DBackpropInput: inputGradient(choose),
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

function algorithms(wasm: BackendWasm, module: HeapModule, multiply: Multiply, direct: boolean): ChooseAlgorithm {
  const patches = new PatchConvolution(wasm, module, multiply);
  const tiled = new TiledConvolution(wasm, module, multiply);
  const untiled = new DirectConvolution(wasm, module);
  return (shape) => (isTiled(shape) ? tiled : direct && isDirect(shape) ? untiled : patches);
}

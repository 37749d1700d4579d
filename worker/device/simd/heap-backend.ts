import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { CONVOLUTION_GRADIENTS } from '../convolution-gradients.js';
import { RELU_GRADIENT } from '../relu-gradient.js';
import { tf } from '../tensorflow.js';
import type { ChooseAlgorithm, ConvolutionAlgorithm } from './convolution-algorithm.js';
import { convolution, filterGradient, gradients, inputGradient, maxPoolGradient } from './convolution-kernels.js';
import { DirectConvolution, isDirect } from './direct-convolution.js';
import type { HeapModule } from './heap-module.js';
import type { Multiply } from './multiply.js';
import { PatchConvolution } from './patch-convolution.js';
import { batchMatMul, columnSums, fusedMatMul, reluGradient } from './product-kernels.js';
import { isTiled, TiledConvolution } from './tiled-convolution.js';

interface Options {
  /** Convolutions of few channels take no products. */
  readonly direct?: boolean;
  /** Computes those that are not in tiles; left out: products of patches. */
  readonly untiled?: ConvolutionAlgorithm;
  /** In the transformed tiles of one pass forward. */
  readonly forwardNumbers?: number;
}

/**
 * Registers a backend that is the running wasm backend with other kernels: products, convolutions and their gradients by
 * `multiply`. Both share one heap, and tensors of one are tensors of the other. Once a name and process.
 */
export function registerHeapBackend(
  name: string,
  wasm: BackendWasm,
  module: HeapModule,
  multiply: Multiply,
  { direct = false, untiled, forwardNumbers }: Options = {},
): void {
  if (tf.findBackend(name) !== null) return;
  tf.copyRegisteredKernels('wasm', name);
  const stock = (kernel: string) => tf.getKernel(kernel, 'wasm').kernelFunc;
  const choose = algorithms(wasm, module, multiply, direct, untiled, forwardNumbers);
  const kernels: Readonly<Record<string, tf.KernelFunc>> = {
    BatchMatMul: batchMatMul(multiply),
    _FusedMatMul: fusedMatMul(multiply, stock('_FusedMatMul')),
    Conv2D: convolution(choose, stock('Conv2D')),
    FusedConv2D: convolution(choose, stock('FusedConv2D')),
    Conv2DBackpropFilter: filterGradient(choose),
    Conv2DBackpropInput: inputGradient(choose),
    [CONVOLUTION_GRADIENTS]: gradients(choose),
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

function algorithms(
  wasm: BackendWasm,
  module: HeapModule,
  multiply: Multiply,
  direct: boolean,
  untiled: ConvolutionAlgorithm = new PatchConvolution(wasm, module, multiply),
  forwardNumbers?: number,
): ChooseAlgorithm {
  const tiled = new TiledConvolution(wasm, module, multiply, forwardNumbers);
  const few = direct ? new DirectConvolution(wasm, module) : untiled;
  return (shape) => (isTiled(shape) ? tiled : isDirect(shape) ? few : untiled);
}

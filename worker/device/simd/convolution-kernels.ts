import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type {
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  FusedConv2DAttrs,
  KernelFunc,
  MaxPoolGradAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { heapView } from '../heap-kernels.js';
import { tf } from '../tensorflow.js';
import type { ChooseAlgorithm, Convolution } from './convolution-algorithm.js';
import type { HeapModule } from './heap-module.js';
import { addressOf, isFused } from './product-kernels.js';

const { backend_util } = tf;

type Shape4 = [number, number, number, number];

function shapeOf(
  input: readonly number[],
  filter: readonly number[],
  { strides, pad, dimRoundingMode }: Pick<Conv2DBackpropFilterAttrs, 'strides' | 'pad' | 'dimRoundingMode'>,
): Convolution {
  return backend_util.computeConv2DInfo(input as Shape4, filter as Shape4, strides, 1, pad, dimRoundingMode);
}

/** `Conv2D` and `FusedConv2D`. Dilations, other layouts and other activations than relu keep the stock kernel. */
export function convolution(choose: ChooseAlgorithm, stock: KernelFunc): KernelFunc {
  return (args) => {
    const { x, filter, bias } = args.inputs as { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo };
    const attributes = args.attrs as unknown as FusedConv2DAttrs;
    const { dilations, dataFormat, activation } = attributes;
    const isPlain = dataFormat === 'NHWC' && [dilations ?? 1].flat().every((one) => one === 1);
    if (!isPlain || !isFused(activation)) return stock(args);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(x.shape, filter.shape, attributes);
    const out = backend.makeOutput(shape.outShape, 'float32');
    const at = (info: TensorInfo) => addressOf(backend, info);
    choose(shape).forward(shape, at(x), at(filter), at(out), bias ? at(bias) : 0, activation === 'relu');
    return out;
  };
}

/** Gradient by the filter. */
export function filterGradient(choose: ChooseAlgorithm): KernelFunc {
  return (args) => {
    const { x, dy } = args.inputs as { x: TensorInfo; dy: TensorInfo };
    const attributes = args.attrs as unknown as Conv2DBackpropFilterAttrs;
    requireLayout('Conv2DBackpropFilter', attributes.dataFormat);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(x.shape, attributes.filterShape, attributes);
    const out = backend.makeOutput(attributes.filterShape, 'float32');
    choose(shape).filterGradient(shape, addressOf(backend, x), addressOf(backend, dy), addressOf(backend, out));
    return out;
  };
}

/** Gradient by the input. */
export function inputGradient(choose: ChooseAlgorithm): KernelFunc {
  return (args) => {
    const { dy, filter } = args.inputs as { dy: TensorInfo; filter: TensorInfo };
    const attributes = args.attrs as unknown as Conv2DBackpropInputAttrs;
    requireLayout('Conv2DBackpropInput', attributes.dataFormat);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(attributes.inputShape, filter.shape, attributes);
    const out = backend.makeOutput(attributes.inputShape, 'float32');
    choose(shape).inputGradient(shape, addressOf(backend, dy), addressOf(backend, filter), addressOf(backend, out));
    return out;
  };
}

/** Both gradients. */
export function gradients(choose: ChooseAlgorithm): KernelFunc {
  return (args) => {
    const { x, filter, dy } = args.inputs as { x: TensorInfo; filter: TensorInfo; dy: TensorInfo };
    const attributes = args.attrs as unknown as Omit<Conv2DBackpropFilterAttrs, 'filterShape'>;
    requireLayout('Gradients of a convolution', attributes.dataFormat);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(x.shape, filter.shape, attributes);
    const outs = [x, filter].map((one) => backend.makeOutput(one.shape, 'float32'));
    const [images, kernels, derivatives, dx, into] = [x, filter, dy, ...outs].map((one) => addressOf(backend, one)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const algorithm = choose(shape);
    if (algorithm.gradients) algorithm.gradients(shape, images, derivatives, kernels, dx, into);
    else {
      algorithm.inputGradient(shape, derivatives, kernels, dx);
      algorithm.filterGradient(shape, images, derivatives, into);
    }
    return outs;
  };
}

function requireLayout(kernel: string, layout: string): void {
  if (layout !== 'NHWC') throw new RangeError(`${kernel}: expected data format NHWC, got ${layout}`);
}

/** Windows side by side write to every place, four channels at a time, the last of which may overlap. */
function isCovered(window: ReturnType<typeof backend_util.computePool2DInfo>): boolean {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = window;
  return (
    strideHeight === window.effectiveFilterHeight &&
    strideWidth === window.effectiveFilterWidth &&
    padInfo.top === 0 &&
    padInfo.left === 0 &&
    outHeight * strideHeight >= inHeight &&
    outWidth * strideWidth >= inWidth &&
    inChannels >= 4
  );
}

/** Each output's derivative goes to the first of the largest inputs of its window. */
export function maxPoolGradient(module: HeapModule): KernelFunc {
  return (args) => {
    const { dy, input } = args.inputs as { dy: TensorInfo; input: TensorInfo };
    const { filterSize, strides, pad, dimRoundingMode } = args.attrs as unknown as MaxPoolGradAttrs;
    const backend = args.backend as BackendWasm;
    const window = backend_util.computePool2DInfo(input.shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
    const out = backend.makeOutput(input.shape, 'float32');
    if (!isCovered(window)) heapView(backend, out).fill(0);
    module.addToMaxima(
      addressOf(backend, out),
      addressOf(backend, input),
      addressOf(backend, dy),
      window.batchSize,
      window.inHeight,
      window.inWidth,
      window.inChannels,
      window.effectiveFilterHeight,
      window.effectiveFilterWidth,
      window.strideHeight,
      window.strideWidth,
      window.padInfo.top,
      window.padInfo.left,
      window.outHeight,
      window.outWidth,
    );
    return out;
  };
}

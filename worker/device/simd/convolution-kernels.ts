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
import { type HeapModule, heapOf, Scratch } from './heap-module.js';
import type { Multiply } from './multiply.js';
import { addressOf, isFused } from './product-kernels.js';
import { isTiled, type TiledConvolution } from './tiled-convolution.js';

const { backend_util } = tf;

type Shape4 = [number, number, number, number];
type Convolution = ReturnType<typeof backend_util.computeConv2DInfo>;

/** Numbers in the patches of one product: they then stay in the second cache. */
const PATCH_NUMBERS = 65536;

/** Convolutions as products of patches [places, kernel x channels], for images [batch, height, width, channels]. */
export class Patches {
  private readonly scratch: Scratch;

  constructor(
    backend: BackendWasm,
    private readonly module: HeapModule,
  ) {
    this.scratch = new Scratch(heapOf(backend));
  }

  /**
   * Calls `use` for some places of the output after the other, with the address of their patches. `images`: patches are gathered from
   * there before `use`, or added to there after it.
   */
  each(
    { filterHeight, filterWidth, inChannels, inHeight, inWidth, ...rest }: Convolution,
    images: number,
    how: 'gather' | 'add',
    use: (patches: number, firstPlace: number, places: number) => void,
  ): void {
    const { batchSize, outHeight, outWidth, strideHeight, strideWidth, padInfo } = rest;
    const width = filterHeight * filterWidth * inChannels;
    const lines = batchSize * outHeight;
    const step = Math.max(1, Math.floor(PATCH_NUMBERS / Math.max(1, outWidth * width)));
    const isImage = filterHeight === 1 && filterWidth === 1 && strideHeight === 1 && strideWidth === 1;
    if (isImage && how === 'gather' && padInfo.top === 0 && padInfo.left === 0 && outWidth === inWidth)
      return use(images, 0, lines * outWidth);
    const patches = this.scratch.room(4 * width * outWidth * Math.min(step, lines));
    const { module } = this;
    for (let from = 0; from < lines; from += step) {
      const to = Math.min(lines, from + step);
      const walk = how === 'gather' ? module.gatherPatches : module.addPatches;
      const go = () =>
        walk(
          patches,
          images,
          inHeight,
          inWidth,
          inChannels,
          filterHeight,
          filterWidth,
          strideHeight,
          strideWidth,
          padInfo.top,
          padInfo.left,
          outHeight,
          outWidth,
          from,
          to,
        );
      if (how === 'gather') go();
      use(patches, from * outWidth, (to - from) * outWidth);
      if (how === 'add') go();
    }
  }
}

function shapeOf(
  input: readonly number[],
  filter: readonly number[],
  { strides, pad, dimRoundingMode }: Pick<Conv2DBackpropFilterAttrs, 'strides' | 'pad' | 'dimRoundingMode'>,
): Convolution {
  return backend_util.computeConv2DInfo(input as Shape4, filter as Shape4, strides, 1, pad, dimRoundingMode);
}

/** `Conv2D` and `FusedConv2D`. Dilations, other layouts and other activations than relu keep the stock kernel. */
export function convolution(
  multiply: Multiply,
  patches: Patches,
  tiled: TiledConvolution,
  stock: KernelFunc,
): KernelFunc {
  return (args) => {
    const { x, filter, bias } = args.inputs as { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo };
    const attributes = args.attrs as unknown as FusedConv2DAttrs;
    const { dilations, dataFormat, activation } = attributes;
    const isPlain = dataFormat === 'NHWC' && [dilations ?? 1].flat().every((one) => one === 1);
    if (!isPlain || !isFused(activation)) return stock(args);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(x.shape, filter.shape, attributes);
    const out = backend.makeOutput(shape.outShape, 'float32');
    const [offset, relu] = [bias ? addressOf(backend, bias) : 0, activation === 'relu'];
    if (isTiled(shape)) {
      const [from, kernels, into] = [x, filter, out].map((info) => addressOf(backend, info)) as [
        number,
        number,
        number,
      ];
      tiled.forward(shape, from, kernels, into, offset, relu);
      return out;
    }
    const [depth, columns] = [filter.shape.slice(0, 3).reduce((size, next) => size * next, 1), shape.outChannels];
    patches.each(shape, addressOf(backend, x), 'gather', (a, first, rows) =>
      multiply({
        a,
        transposeA: false,
        b: addressOf(backend, filter),
        transposeB: false,
        c: addressOf(backend, out) + 4 * first * columns,
        rows,
        columns,
        depth,
        bias: offset,
        relu,
        adds: false,
      }),
    );
    return out;
  };
}

/** Gradient by the filter: patches transposed, times the output's gradient. */
export function filterGradient(multiply: Multiply, patches: Patches, tiled: TiledConvolution): KernelFunc {
  return (args) => {
    const { x, dy } = args.inputs as { x: TensorInfo; dy: TensorInfo };
    const attributes = args.attrs as unknown as Conv2DBackpropFilterAttrs;
    requireLayout('Conv2DBackpropFilter', attributes.dataFormat);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(x.shape, attributes.filterShape, attributes);
    const out = backend.makeOutput(attributes.filterShape, 'float32');
    if (isTiled(shape)) {
      tiled.filterGradient(shape, addressOf(backend, x), addressOf(backend, dy), addressOf(backend, out));
      return out;
    }
    heapView(backend, out).fill(0);
    const rows = shape.filterHeight * shape.filterWidth * shape.inChannels;
    patches.each(shape, addressOf(backend, x), 'gather', (a, first, depth) =>
      multiply({
        a,
        transposeA: true,
        b: addressOf(backend, dy) + 4 * first * shape.outChannels,
        transposeB: false,
        c: addressOf(backend, out),
        rows,
        columns: shape.outChannels,
        depth,
        bias: 0,
        relu: false,
        adds: true,
      }),
    );
    return out;
  };
}

/** Gradient by the input: the output's gradient times the filter transposed, added to where the patches were. */
export function inputGradient(multiply: Multiply, patches: Patches, tiled: TiledConvolution): KernelFunc {
  return (args) => {
    const { dy, filter } = args.inputs as { dy: TensorInfo; filter: TensorInfo };
    const attributes = args.attrs as unknown as Conv2DBackpropInputAttrs;
    requireLayout('Conv2DBackpropInput', attributes.dataFormat);
    const backend = args.backend as BackendWasm;
    const shape = shapeOf(attributes.inputShape, filter.shape, attributes);
    const out = backend.makeOutput(attributes.inputShape, 'float32');
    heapView(backend, out).fill(0);
    if (isTiled(shape)) {
      tiled.inputGradient(shape, addressOf(backend, dy), addressOf(backend, filter), addressOf(backend, out));
      return out;
    }
    const columns = shape.filterHeight * shape.filterWidth * shape.inChannels;
    patches.each(shape, addressOf(backend, out), 'add', (c, first, rows) =>
      multiply({
        a: addressOf(backend, dy) + 4 * first * shape.outChannels,
        transposeA: false,
        b: addressOf(backend, filter),
        transposeB: true,
        c,
        rows,
        columns,
        depth: shape.outChannels,
        bias: 0,
        relu: false,
        adds: false,
      }),
    );
    return out;
  };
}

function requireLayout(kernel: string, layout: string): void {
  if (layout !== 'NHWC') throw new RangeError(`${kernel}: expected data format NHWC, got ${layout}`);
}

/** Windows side by side write to every place, four channels at a time. */
function isCovered(window: ReturnType<typeof backend_util.computePool2DInfo>): boolean {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = window;
  return (
    strideHeight === window.effectiveFilterHeight &&
    strideWidth === window.effectiveFilterWidth &&
    padInfo.top === 0 &&
    padInfo.left === 0 &&
    outHeight * strideHeight >= inHeight &&
    outWidth * strideWidth >= inWidth &&
    inChannels % 4 === 0
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

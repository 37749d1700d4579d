import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type {
  KernelFunc,
  MaxPoolGradAttrs,
  SliceAttrs,
  Tensor,
  TensorInfo,
  UnsortedSegmentSumAttrs,
} from '@tensorflow/tfjs-core';
import { tf } from './tensorflow.js';

const { backend_util, slice_util, util } = tf;

/** Kernels for the wasm backend written as loops over its heap. */

/** The tensor's numbers where they lie. Growing the memory detaches the view: take it after the last allocation. */
export function heapView(backend: BackendWasm, info: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(info) as Float32Array;
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((size, next) => size * next, 1);
}

/**
 * Each output's derivative goes to the first of the largest inputs of its window. In place of the stock kernel, whose
 * result is wrong with more than one channel.
 */
export const maxPoolGrad: KernelFunc = (args) => {
  const { dy, input } = args.inputs as { dy: TensorInfo; input: TensorInfo };
  const { filterSize, strides, pad, dimRoundingMode } = args.attrs as unknown as MaxPoolGradAttrs;
  const backend = args.backend as BackendWasm;
  const shape = input.shape as [number, number, number, number];
  const window = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const out = backend.makeOutput(input.shape, 'float32');
  const dx = heapView(backend, out).fill(0);
  spreadToMaxima(dx, heapView(backend, input), heapView(backend, dy), window);
  return out;
};

function spreadToMaxima(
  dx: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  window: ReturnType<typeof backend_util.computePool2DInfo>,
): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = window;
  let at = 0;
  for (let n = 0; n < batchSize; n++)
    for (let row = 0; row < outHeight; row++) {
      const top = row * window.strideHeight - window.padInfo.top;
      const yEnd = Math.min(inHeight, top + window.effectiveFilterHeight);
      const yStart = Math.max(0, top);
      for (let column = 0; column < outWidth; column++) {
        const left = column * window.strideWidth - window.padInfo.left;
        const xEnd = Math.min(inWidth, left + window.effectiveFilterWidth);
        const xStart = Math.max(0, left);
        for (let c = 0; c < inChannels; c++) {
          let best = ((n * inHeight + yStart) * inWidth + xStart) * inChannels + c;
          let largest = x[best]!;
          for (let y = yStart; y < yEnd; y++) {
            let from = ((n * inHeight + y) * inWidth + xStart) * inChannels + c;
            for (let u = xStart; u < xEnd; u++, from += inChannels)
              if (x[from]! > largest) {
                largest = x[from]!;
                best = from;
              }
          }
          dx[best] = dx[best]! + dy[at++]!;
        }
      }
    }
}

/**
 * A slice that lies in one piece, copied as one. The stock kernel copies the whole tensor first, so cutting a batch into its
 * examples takes time quadratic in the batch; it still serves the other slices.
 */
export function contiguousSlice(stock: KernelFunc): KernelFunc {
  return (args) => {
    const { x } = args.inputs as { x: Tensor };
    const { begin, size } = args.attrs as unknown as SliceAttrs;
    const backend = args.backend as BackendWasm;
    const [start, sizes] = slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
    if (x.dtype !== 'float32' || !slice_util.isSliceContinous(x.shape, start, sizes)) return stock(args);
    const from = slice_util.computeFlatOffset(start, util.computeStrides(x.shape));
    const out = backend.makeOutput(sizes, 'float32');
    heapView(backend, out).set(heapView(backend, x).subarray(from, from + product(sizes)));
    return out;
  };
}

/** Rows of x added up by their segment: the gradient of a gather (an embedding). Ids out of range are left out. */
export const unsortedSegmentSum: KernelFunc = (args) => {
  const { x, segmentIds } = args.inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = args.attrs as unknown as UnsortedSegmentSumAttrs;
  const backend = args.backend as BackendWasm;
  const rest = x.shape.slice(segmentIds.shape.length);
  const width = product(rest);
  const out = backend.makeOutput([numSegments, ...rest], 'float32');
  const sums = heapView(backend, out);
  const source = heapView(backend, x);
  const ids = backend.typedArrayFromHeap(segmentIds);
  sums.fill(0);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id >= numSegments) continue;
    for (let j = 0; j < width; j++) sums[id * width + j]! += source[i * width + j]!;
  }
  return out;
};

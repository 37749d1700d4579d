import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type Convolution, type ConvolutionAlgorithm, filterSizeOf } from './convolution-algorithm.js';
import { clear, type Heap, type HeapModule, heapOf, Scratch } from './heap-module.js';
import { rowsOfPass } from './patch-convolution.js';

/** Numbers that a product sums at once: with more, the sums of patches are formed in parts. */
const DEPTH = 256;
/** Columns of a panel of the packed filter, and bytes by which kernels may read beyond the last number. */
const PANEL = 16;
const SLACK = 64;
/** Of a run of numbers in a line. */
const RUN_BYTES = 8;

/** With stride 1, and few numbers under the kernel: each is read from its image again for every filter. */
export function isDirect({ filterHeight, filterWidth, inChannels, outChannels, ...shape }: Convolution): boolean {
  return (
    shape.strideHeight === 1 &&
    shape.strideWidth === 1 &&
    filterHeight * filterWidth > 1 &&
    filterHeight * filterWidth * inChannels <= DEPTH &&
    outChannels <= DEPTH
  );
}

/** Convolutions with stride 1 that read padded images where they lie, without patches: the bits of `PatchConvolution` with products in WASM SIMD. */
export class DirectConvolution implements ConvolutionAlgorithm {
  private readonly heap: Heap;
  private readonly scratch: Scratch;

  constructor(
    backend: BackendWasm,
    private readonly module: HeapModule,
  ) {
    this.heap = heapOf(backend);
    this.scratch = new Scratch(this.heap);
  }

  forward(shape: Convolution, x: number, filter: number, y: number, bias: number, relu: boolean): void {
    const { filterHeight, filterWidth, outChannels, batchSize } = shape;
    const [runs, padded] = this.room(RUN_BYTES * filterHeight, paddedBytes(shape));
    const images = imagesOf(shape);
    this.module.convolve(
      y,
      x,
      batchSize,
      ...images,
      filter,
      filterHeight,
      filterWidth,
      outChannels,
      bias,
      relu,
      padded,
      runs,
    );
  }

  filterGradient(shape: Convolution, x: number, dy: number, into: number): void {
    clear(this.heap, into, filterSizeOf(shape));
    const { inChannels, filterHeight, filterWidth, outChannels, batchSize, outHeight, outWidth } = shape;
    const [runs, padded] = this.room(RUN_BYTES * (DEPTH + 1), batchSize * paddedBytes(shape));
    const images = imagesOf(shape);
    this.module.padImages(padded, x, batchSize, ...images);
    const [high, wide] = paddedSize(shape);
    const rows = batchSize * outHeight;
    const step = rowsOfPass(shape);
    for (let from = 0; from < rows; from += step)
      this.module.addFilterGradient(
        into,
        padded,
        dy,
        high,
        wide,
        inChannels,
        filterHeight,
        filterWidth,
        outChannels,
        from * outWidth,
        Math.min(rows, from + step) * outWidth,
        runs,
      );
  }

  inputGradient(shape: Convolution, dy: number, filter: number, into: number): void {
    const { inChannels, filterHeight, filterWidth, outChannels, batchSize } = shape;
    const panels = filterHeight * Math.ceil((filterWidth * inChannels) / PANEL);
    const [masks, packed, padded] = this.room(4 * PANEL, 4 * PANEL * panels * outChannels, 2 * paddedBytes(shape));
    const images = imagesOf(shape);
    this.module.inputGradient(
      into,
      dy,
      batchSize,
      ...images,
      filter,
      filterHeight,
      filterWidth,
      outChannels,
      packed,
      padded,
      masks,
    );
  }

  /** Addresses of parts of so many bytes. */
  private room(...bytes: readonly number[]): [number, number, number] {
    let at = this.scratch.room(bytes.reduce((sum, size) => sum + size + SLACK, 0));
    return bytes.map((size) => {
      at += size + SLACK;
      return at - size - SLACK;
    }) as [number, number, number];
  }
}

/** Height and width of an image with its padding. */
function paddedSize({ filterHeight, filterWidth, outHeight, outWidth }: Convolution): [number, number] {
  return [outHeight + filterHeight - 1, outWidth + filterWidth - 1];
}

function paddedBytes(shape: Convolution): number {
  const [high, wide] = paddedSize(shape);
  return 4 * high * wide * shape.inChannels;
}

/** Sizes of an image, and where it lies in the padded one. */
function imagesOf(shape: Convolution): [number, number, number, number, number, number, number] {
  const { inHeight, inWidth, inChannels, padInfo } = shape;
  return [inHeight, inWidth, inChannels, padInfo.top, padInfo.left, ...paddedSize(shape)];
}

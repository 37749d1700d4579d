import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type Convolution, type ConvolutionAlgorithm, filterSizeOf, inputSizeOf } from './convolution-algorithm.js';
import { clear, type Heap, type HeapModule, heapOf, Scratch } from './heap-module.js';
import type { Multiply } from './multiply.js';

/** Numbers in the patches of one product: they then stay in the second cache. */
const PATCH_NUMBERS = 65536;

/** Rows of the output, over all images, whose patches are multiplied at once. */
export function rowsOfPass({ filterHeight, filterWidth, inChannels, outWidth }: Convolution): number {
  return Math.max(1, Math.floor(PATCH_NUMBERS / Math.max(1, outWidth * filterHeight * filterWidth * inChannels)));
}

/** Any convolution, as products of patches [places, kernel x channels]. */
export class PatchConvolution implements ConvolutionAlgorithm {
  private readonly heap: Heap;
  private readonly scratch: Scratch;

  constructor(
    backend: BackendWasm,
    private readonly module: HeapModule,
    private readonly multiply: Multiply,
  ) {
    this.heap = heapOf(backend);
    this.scratch = new Scratch(this.heap);
  }

  forward(shape: Convolution, x: number, filter: number, y: number, bias: number, relu: boolean): void {
    const { filterHeight, filterWidth, inChannels, outChannels } = shape;
    const depth = filterHeight * filterWidth * inChannels;
    this.each(shape, x, 'gather', (a, first, rows) =>
      this.multiply({
        a,
        transposeA: false,
        b: filter,
        transposeB: false,
        c: y + 4 * first * outChannels,
        rows,
        columns: outChannels,
        depth,
        bias,
        relu,
        adds: false,
      }),
    );
  }

  /** Patches transposed, times the output's gradient. */
  filterGradient(shape: Convolution, x: number, dy: number, into: number): void {
    clear(this.heap, into, filterSizeOf(shape));
    const { filterHeight, filterWidth, inChannels, outChannels } = shape;
    const rows = filterHeight * filterWidth * inChannels;
    this.each(shape, x, 'gather', (a, first, depth) =>
      this.multiply({
        a,
        transposeA: true,
        b: dy + 4 * first * outChannels,
        transposeB: false,
        c: into,
        rows,
        columns: outChannels,
        depth,
        bias: 0,
        relu: false,
        adds: true,
      }),
    );
  }

  /** The output's gradient times the filter transposed, added to where the patches were. */
  inputGradient(shape: Convolution, dy: number, filter: number, into: number): void {
    clear(this.heap, into, inputSizeOf(shape));
    const { filterHeight, filterWidth, inChannels, outChannels } = shape;
    const columns = filterHeight * filterWidth * inChannels;
    this.each(shape, into, 'add', (c, first, rows) =>
      this.multiply({
        a: dy + 4 * first * outChannels,
        transposeA: false,
        b: filter,
        transposeB: true,
        c,
        rows,
        columns,
        depth: outChannels,
        bias: 0,
        relu: false,
        adds: false,
      }),
    );
  }

  /**
   * Calls `use` for some places of the output after the other, with the address of their patches. `images`: patches are gathered from
   * there before `use`, or added to there after it.
   */
  private each(
    shape: Convolution,
    images: number,
    how: 'gather' | 'add',
    use: (patches: number, firstPlace: number, places: number) => void,
  ): void {
    const { filterHeight, filterWidth, inChannels, inHeight, inWidth, ...rest } = shape;
    const { batchSize, outHeight, outWidth, strideHeight, strideWidth, padInfo } = rest;
    const width = filterHeight * filterWidth * inChannels;
    const lines = batchSize * outHeight;
    const step = rowsOfPass(shape);
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

import type { HeapAddress } from '../foreign/heap-address.js';
import type { Convolution, ConvolutionAlgorithm } from '../simd/convolution-algorithm.js';
import { HeapPrimitive, Made } from './heap-primitive.js';
import type { ConvolutionLayouts, Handle, Onednn } from './onednn.js';

/** Layouts of a convolution where its numbers lie: images by channel, filters [height, width, channels, filters]. */
interface Layouts extends ConvolutionLayouts {
  readonly filter: Handle;
}

/** Computes a convolution, or a gradient of it, from addresses. */
type Run = (...addresses: readonly number[]) => void;

/** Convolutions by oneDNN; filters are put into the order that it likes at each call, which costs little beside it. */
export class OnednnConvolution implements ConvolutionAlgorithm {
  private readonly made = new Made<Run>();

  constructor(
    private readonly onednn: Onednn,
    private readonly base: HeapAddress,
  ) {}

  forward(shape: Convolution, x: number, filter: number, y: number, bias: number, relu: boolean): void {
    const hasBias = bias !== 0;
    const run = this.made.get(keyOf(['forward', hasBias, relu], shape), () => {
      const layouts = this.layouts(shape, hasBias);
      const description = this.onednn.convolution(layouts, this.onednn.attributes({ adds: false, relu }));
      const { src, dst, bias: added } = layouts;
      const others = { src, dst, ...(hasBias && { bias: added }) };
      return this.reading(layouts, description, others);
    });
    if (hasBias) run(filter, x, y, bias);
    else run(filter, x, y);
  }

  inputGradient(shape: Convolution, dy: number, filter: number, into: number): void {
    const run = this.made.get(keyOf(['input'], shape), () => {
      const layouts = this.layouts(shape, false);
      const description = this.onednn.convolutionByInput(layouts, this.onednn.convolution(layouts, 0));
      return this.reading(layouts, description, { diffSrc: layouts.src, diffDst: layouts.dst });
    });
    run(filter, into, dy);
  }

  filterGradient(shape: Convolution, x: number, dy: number, into: number): void {
    const run = this.made.get(keyOf(['filter'], shape), () => {
      const { onednn, base } = this;
      const layouts = this.layouts(shape, false);
      const description = onednn.convolutionByFilter(layouts, onednn.convolution(layouts, 0));
      const chosen = onednn.chosen(description, 'diffWeights');
      const others = { src: layouts.src, diffDst: layouts.dst };
      if (onednn.areEqual(chosen, layouts.filter)) {
        const primitive = new HeapPrimitive(onednn, base, description, { diffWeights: chosen, ...others });
        return (...addresses: readonly number[]) => primitive.run(...addresses);
      }
      const kept = onednn.allocated(chosen);
      const primitive = new HeapPrimitive(onednn, base, description, others, { diffWeights: kept });
      const reorder = onednn.reorder(chosen, layouts.filter);
      const ordered = new HeapPrimitive(onednn, base, reorder, { dst: layouts.filter }, { src: kept });
      return (filter: number, ...addresses: readonly number[]) => {
        primitive.run(...addresses);
        ordered.run(filter);
      };
    });
    run(into, x, dy);
  }

  /** A primitive that reads the filter, whose address comes first. */
  private reading(layouts: Layouts, description: Handle, others: Readonly<Record<string, Handle>>): Run {
    const { onednn, base } = this;
    const chosen = onednn.chosen(description, 'weights');
    if (onednn.areEqual(chosen, layouts.filter)) {
      const primitive = new HeapPrimitive(onednn, base, description, { weights: chosen, ...others });
      return (...addresses) => primitive.run(...addresses);
    }
    const kept = onednn.allocated(chosen);
    const reorder = onednn.reorder(layouts.filter, chosen);
    const ordered = new HeapPrimitive(onednn, base, reorder, { src: layouts.filter }, { dst: kept });
    const primitive = new HeapPrimitive(onednn, base, description, others, { weights: kept });
    return (filter, ...addresses) => {
      ordered.run(filter!);
      primitive.run(...addresses);
    };
  }

  private layouts(shape: Convolution, hasBias: boolean): Layouts {
    const { onednn } = this;
    const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = shape;
    const { filterHeight, filterWidth, strideHeight, strideWidth } = shape;
    const images = (channels: number, height: number, width: number) =>
      onednn.layout([batchSize, channels, height, width], [height * width * channels, 1, width * channels, channels]);
    const filters = [outChannels, inChannels, filterHeight, filterWidth];
    const line = inChannels * outChannels;
    return {
      src: images(inChannels, inHeight, inWidth),
      dst: images(outChannels, outHeight, outWidth),
      weights: onednn.layout(filters),
      filter: onednn.layout(filters, [1, outChannels, filterWidth * line, line]),
      bias: hasBias ? onednn.layout([outChannels], [1]) : 0,
      strides: [strideHeight, strideWidth],
      before: [padInfo.top, padInfo.left],
      after: [padInfo.bottom, padInfo.right],
    };
  }
}

function keyOf(what: readonly unknown[], shape: Convolution): string {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = shape;
  const { filterHeight, filterWidth, strideHeight, strideWidth } = shape;
  const sizes = [batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, filterHeight, filterWidth];
  return [...what, ...sizes, strideHeight, strideWidth, padInfo.top, padInfo.left].join();
}

import type { backend_util } from '@tensorflow/tfjs-core';

/** Sizes of a convolution of images [batch, height, width, channels] by a filter [height, width, channels, filters]. */
export type Convolution = ReturnType<typeof backend_util.computeConv2DInfo>;

/** A convolution and its gradients on the heap of the wasm backend. Addresses are bytes. */
export interface ConvolutionAlgorithm {
  /** `bias` by channel (0: none) and max(0, .) as asked. */
  forward(shape: Convolution, x: number, filter: number, y: number, bias: number, relu: boolean): void;
  filterGradient(shape: Convolution, x: number, dy: number, into: number): void;
  inputGradient(shape: Convolution, dy: number, filter: number, into: number): void;
  /** Both gradients, where they have something in common. */
  gradients?(shape: Convolution, x: number, dy: number, filter: number, dx: number, into: number): void;
}

/** Which of them computes a convolution. */
export type ChooseAlgorithm = (shape: Convolution) => ConvolutionAlgorithm;

export function filterSizeOf({ filterHeight, filterWidth, inChannels, outChannels }: Convolution): number {
  return filterHeight * filterWidth * inChannels * outChannels;
}

export function inputSizeOf({ batchSize, inHeight, inWidth, inChannels }: Convolution): number {
  return batchSize * inHeight * inWidth * inChannels;
}

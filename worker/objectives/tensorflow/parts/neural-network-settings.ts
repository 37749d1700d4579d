export const TENSOR_ACTIVATIONS = ['relu', 'tanh', 'sigmoid', 'softplus'] as const;
export type TensorActivation = (typeof TENSOR_ACTIVATIONS)[number];

export interface MultilayerPerceptronSettings {
  readonly hidden: readonly number[];
  readonly activation: TensorActivation;
}

export interface ConvolutionalSettings {
  /** Channels of each convolution; each is followed by the activation and 2x2 max pooling. */
  readonly filters: readonly number[];
  /** Side of the square kernels; zero padding keeps the image's size. */
  readonly kernelSize: number;
  /** Widths of the dense layers before the output. */
  readonly dense: readonly number[];
  readonly activation: TensorActivation;
}

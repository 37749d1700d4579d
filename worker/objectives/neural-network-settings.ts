import type { ObjectiveDefinition } from './request.js';
import { wrongSizes } from './request.js';

/** The tensor objectives as the table sees them. TensorFlow.js is loaded when one is created, not before. */

export const TENSOR_ACTIVATIONS = ['relu', 'tanh', 'sigmoid', 'softplus'] as const;
export type TensorActivation = (typeof TENSOR_ACTIVATIONS)[number];

function wrongActivation(activation: string): string | null {
  return TENSOR_ACTIVATIONS.includes(activation as TensorActivation)
    ? null
    : `activation: expected one of ${TENSOR_ACTIVATIONS.join(', ')}, got '${activation}'`;
}

export interface MultilayerPerceptronSettings {
  readonly hidden: readonly number[];
  readonly activation: string;
}

/** Multilayer perceptron on the device, float32: cross-entropy for classes, (output - target)^2 / 2 for targets. */
export const multilayerPerceptron: ObjectiveDefinition<MultilayerPerceptronSettings> = {
  defaults: { hidden: [64], activation: 'relu' },
  check: ({ hidden, activation }) => wrongSizes('hidden', hidden) ?? wrongActivation(activation),
  async create(settings, request) {
    return (await import('./neural-network.js')).createMultilayerPerceptron(settings, request);
  },
};

export interface ConvolutionalSettings {
  /** Channels of each convolution; each is followed by the activation and 2x2 max pooling. */
  readonly filters: readonly number[];
  /** Side of the square kernels; zero padding keeps the image's size. */
  readonly kernelSize: number;
  /** Widths of the dense layers before the output. */
  readonly dense: readonly number[];
  readonly activation: string;
}

/** Convolutional network of LeNet's size (LeCun, Bottou, Bengio, Haffner, 1998) for square images of side 8 or more. */
export const lenet: ObjectiveDefinition<ConvolutionalSettings> = {
  defaults: { filters: [6, 16], kernelSize: 5, dense: [120, 84], activation: 'relu' },
  check: ({ filters, kernelSize, dense, activation }) =>
    wrongSizes('filters', filters) ??
    wrongSizes('kernelSize', [kernelSize]) ??
    wrongSizes('dense', dense) ??
    wrongActivation(activation),
  async create(settings, request) {
    return (await import('./neural-network.js')).createConvolutionalNetwork(settings, request);
  },
};

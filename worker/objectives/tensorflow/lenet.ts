import { type ObjectiveDefinition, wrongSizes } from '../request.js';
import { type ConvolutionalSettings, wrongActivation } from './neural-network-settings.js';

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

import { type ObjectiveDefinition, wrongSizes } from '../request.js';
import { type MultilayerPerceptronSettings, wrongActivation } from './neural-network-settings.js';

/** Multilayer perceptron on the device, float32: cross-entropy for classes, (output - target)^2 / 2 for targets. */
export const multilayerPerceptron: ObjectiveDefinition<MultilayerPerceptronSettings> = {
  defaults: { hidden: [64], activation: 'relu' },
  check: ({ hidden, activation }) => wrongSizes('hidden', hidden) ?? wrongActivation(activation),
  async create(settings, request) {
    return (await import('./neural-network.js')).createMultilayerPerceptron(settings, request);
  },
};

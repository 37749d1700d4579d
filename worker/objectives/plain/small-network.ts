import { featureCountOf, type ObjectiveDefinition, requireDataset, wrongIfNegative, wrongSizes } from '../request.js';
import { ACTIVATIONS, type Activation } from './dense-loops.js';
import { denseFamily } from './dense-objective.js';

/**
 * A multilayer perceptron in plain loops, in the run's precision, with closed-form gradients of single examples: for privacy
 * and sampling, where float64 or many small gradients count for more than speed on one big batch. Cross-entropy for classes,
 * (output - target)^2 / 2 for targets. Weights and biases begin uniform in +-1/sqrt(inputs of the layer).
 */
export const smallNetwork: ObjectiveDefinition<{ hidden: number[]; activation: string; l2: number }> = {
  defaults: { hidden: [10], activation: 'softplus', l2: 0 },
  check: ({ hidden, activation, l2 }) =>
    wrongSizes('hidden', hidden) ??
    wrongIfNegative('l2', l2) ??
    (ACTIVATIONS.includes(activation as Activation)
      ? null
      : `activation: expected one of ${ACTIVATIONS.join(', ')}, got '${activation}'`),
  create({ hidden, activation, l2 }, request) {
    const dataset = requireDataset(request, 'any');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: 0,
      hidden,
      outputs: dataset.classCount || 1,
      activation: activation as Activation,
      output: dataset.classCount > 0 ? 'softmax' : 'squared',
      bias: true,
    } as const;
    return denseFamily('small-network', shape, l2, dataset, request.precision);
  },
};

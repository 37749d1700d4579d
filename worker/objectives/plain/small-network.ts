import { atLeastZero, count, list, oneOf } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective, featureCountOf, requireDataset } from '../request.js';
import { ACTIVATIONS } from './dense-loops.js';

import { denseFamily } from './dense-objective.js';

/**
 * A multilayer perceptron in plain loops, in the run's precision, with closed-form gradients of single examples: for privacy
 * and sampling, where float64 or many small gradients count for more than speed on one big batch. Cross-entropy for classes,
 * (output - target)^2 / 2 for targets. Weights and biases begin uniform in +-1/sqrt(inputs of the layer).
 */
export default defineObjective({
  name: 'small-network',
  summary: 'A multilayer perceptron in plain loops, in the precision of the run',
  settings: defineSettings({
    hidden: list(count(required, 'Units'), [10], 'Units of each hidden layer'),
    activation: oneOf(ACTIVATIONS, 'softplus', 'Of hidden units'),
    l2: atLeastZero(0, 'Adds (l2 / 2) |params|^2'),
  }),
  create({ hidden, activation, l2 }, request) {
    const dataset = requireDataset(request, 'any');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: 0,
      hidden,
      outputs: dataset.classCount || 1,
      activation,
      output: dataset.classCount > 0 ? 'softmax' : 'squared',
      bias: true,
    } as const;
    return denseFamily('small-network', shape, l2, dataset, request.precision);
  },
});

import { atLeastZero, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective, featureCountOf, requireDataset } from '../request.js';
import { denseFamily } from './dense-objective.js';

/** Multinomial logistic regression: mean cross-entropy of softmax(W^T x + b), plus (l2 / 2) |params|^2. */
export default defineObjective({
  name: 'softmax-regression',
  summary: 'Multinomial logistic regression, mean cross-entropy',
  settings: defineSettings({
    l2: atLeastZero(0, 'Adds (l2 / 2) |params|^2'),
    bias: flag(true, 'Adds a constant to each output'),
  }),
  create({ l2, bias }, request) {
    const dataset = requireDataset(request, 'classification');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: 0,
      hidden: [],
      outputs: dataset.classCount,
      activation: 'tanh',
      output: 'softmax',
      bias,
    } as const;
    return denseFamily('softmax-regression', shape, l2, dataset, request.precision);
  },
});

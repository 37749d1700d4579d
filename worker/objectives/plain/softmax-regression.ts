import { featureCountOf, type ObjectiveDefinition, requireDataset, wrongIfNegative } from '../request.js';
import { denseFamily } from './dense-objective.js';

/** Multinomial logistic regression: mean cross-entropy of softmax(W^T x + b), plus (l2 / 2) |params|^2. */
export const softmaxRegression: ObjectiveDefinition<{ l2: number; bias: boolean }> = {
  defaults: { l2: 0, bias: true },
  check: ({ l2 }) => wrongIfNegative('l2', l2),
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
};

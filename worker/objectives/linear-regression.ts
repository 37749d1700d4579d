import { denseFamily } from './dense-objective.js';
import { featureCountOf, type ObjectiveDefinition, requireDataset, wrongIfNegative } from './request.js';

/** Mean of (w x + b - target)^2 / 2, plus (l2 / 2) |params|^2. */
export const linearRegression: ObjectiveDefinition<{ l2: number; bias: boolean }> = {
  defaults: { l2: 0, bias: true },
  check: ({ l2 }) => wrongIfNegative('l2', l2),
  create({ l2, bias }, request) {
    const dataset = requireDataset(request, 'regression');
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: 0,
      hidden: [],
      outputs: 1,
      activation: 'tanh',
      output: 'squared',
      bias,
    } as const;
    return denseFamily('linear-regression', shape, l2, dataset, request.precision);
  },
};

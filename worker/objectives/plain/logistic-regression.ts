import { GradswarmError } from '../../../protocol/errors.js';
import { featureCountOf, type ObjectiveDefinition, requireDataset, wrongIfNegative } from '../request.js';
import { denseFamily } from './dense-objective.js';

/** Two classes, y = -1 and 1 for class 0 and 1: mean of ln(1 + e^(-y (w x + b))), plus (l2 / 2) |params|^2. */
export const logisticRegression: ObjectiveDefinition<{ l2: number; bias: boolean }> = {
  defaults: { l2: 0, bias: true },
  check: ({ l2 }) => wrongIfNegative('l2', l2),
  create({ l2, bias }, request) {
    const dataset = requireDataset(request, 'classification');
    if (dataset.classCount !== 2)
      throw new GradswarmError(
        'ERR_OBJECTIVE',
        `objective 'logistic-regression': expected 2 classes, '${dataset.name}' has ${dataset.classCount}; use 'softmax-regression'`,
      );
    const shape = {
      features: featureCountOf(dataset),
      vocabulary: 0,
      hidden: [],
      outputs: 1,
      activation: 'tanh',
      output: 'logistic',
      bias,
    } as const;
    return denseFamily('logistic-regression', shape, l2, dataset, request.precision);
  },
};

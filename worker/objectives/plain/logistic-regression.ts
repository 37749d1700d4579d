import { GradswarmError } from '../../../protocol/errors.js';
import { atLeastZero, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineObjective, featureCountOf, requireDataset } from '../request.js';
import { denseFamily } from './dense-objective.js';

/** Two classes, y = -1 and 1 for class 0 and 1: mean of ln(1 + e^(-y (w x + b))), plus (l2 / 2) |params|^2. */
export default defineObjective({
  name: 'logistic-regression',
  summary: 'Two classes, mean of ln(1 + e^(-y (w x + b)))',
  settings: defineSettings({
    l2: atLeastZero(0, 'Adds (l2 / 2) |params|^2'),
    bias: flag(true, 'Adds a constant to each output'),
  }),
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
});

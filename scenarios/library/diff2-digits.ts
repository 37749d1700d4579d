import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const dpGd = { 'method.refreshPeriod': 1 };
const diff2 = { 'method.refreshPeriod': 10 };

export default sweep('diff2-digits', {
  description:
    'DIFF2 against DP-GD (refresh period 1) at equal epsilon on handwritten digits: the gradient that is stepped along has less than ' +
    'half the error. The norm of the true gradient is not lower here: most directions of this model are so flat that noise which stays ' +
    'for a refresh period does not average out.',
  base: {
    method: {
      name: 'diff2',
      learningRate: 0.5,
      refreshRadius: 1,
      differenceRadius: 0.5,
      epsilon: 3,
      delta: 1e-5,
      rounds: 150,
    },
    objective: { name: 'softmax-regression' },
    data: { name: 'mnist', size: 8, trainCount: 1_500, testCount: 1_000, partition: { name: 'iid' } },
    clients: 5,
    rounds: 150,
    evaluation: { everyRounds: 15 },
    checkpoints: { everyRounds: null },
    study: { name: 'gradient-estimate' },
  },
  over: { 'method.refreshPeriod': [1, 10], seed: [1, 2, 3] },
  expect: [
    ratio({ of: 'meanEstimatorError', numerator: diff2, denominator: dpGd, most: 0.5 }),
    below({ of: 'finalEpsilon', value: 3.0001 }),
  ],
  claims: [
    {
      claim: 'DIFF2-GD has a smaller gradient norm than DP-GD at the same privacy',
      source: 'experiments, figures of squared gradient norm (other data sets)',
      of: 'settledSquaredGradient',
    },
  ],
  expectedSeconds: 20,
});

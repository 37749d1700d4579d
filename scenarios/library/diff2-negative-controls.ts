import { below } from '../../protocol/scenario/expectations/below.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

const good = { 'method.refreshRadius': 0.5, 'method.differenceRadius': 1.5 };
const lagging = { 'method.refreshRadius': 1.5, 'method.differenceRadius': 1.5 };
const feedingBack = { 'method.refreshRadius': 0.5, 'method.differenceRadius': 5 };

export default sweep('diff2-negative-controls', {
  description:
    'Two ways to lose with DIFF2. C2 too small for the steps that a larger C1 takes (C1 = C2 = 1.5): most differences are clipped, so the ' +
    'estimator lags behind the gradient until the next refresh. C2 too large (C1 = 0.5, C2 = 5): kappa, known before the run, is far above ' +
    '2, and the noise of each difference moves the model by a step whose own difference is noised in proportion.',
  base: {
    method: {
      name: 'diff2',
      learningRate: 0.125,
      refreshPeriod: 10,
      calibration: 'paper',
      epsilon: 3,
      delta: 1e-5,
      rounds: 300,
    },
    objective: { name: 'small-network', hidden: [10], activation: 'softplus' },
    data: { name: 'privacy-regression', examples: 1_000, partition: { name: 'iid' } },
    clients: 10,
    rounds: 300,
    precision: 'float64',
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
    study: { name: 'gradient-estimate', clippedDifferencesEvery: 10 },
  },
  over: { 'method.refreshRadius': [0.5, 1.5], 'method.differenceRadius': [1.5, 5], seed: [1, 2] },
  expect: [
    ratio({ of: 'settledSquaredGradient', numerator: lagging, denominator: good, least: 5 }),
    ratio({ of: 'settledSquaredGradient', numerator: feedingBack, denominator: good, least: 5 }),
    ratio({ of: 'meanClippedDifferences', numerator: lagging, denominator: good, least: 1.5 }),
    below({ of: 'finalEpsilon', value: 3 }),
  ],
  expectedSeconds: 40,
});

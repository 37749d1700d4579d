import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';
import { SMALL_REGRESSION } from './parts/diff2.js';

const good = { 'method.differenceRadius': 1.5 };
const lagging = { 'method.differenceRadius': 0.3 };
const feedingBack = { 'method.differenceRadius': 5 };

export default sweep('diff2-negative-controls', {
  description:
    'Two settings at which DIFF2 is worse at the same epsilon. C2 too small (0.3): nearly every difference is clipped, so the estimator lags behind ' +
    'the gradient until the next refresh. C2 too large (5): kappa, known before the run, is far above 2, and the noise of each difference ' +
    'moves the model by a step whose own difference is noised in proportion. C2 = 1.5 is between them.',
  base: {
    method: {
      name: 'diff2',
      learningRate: 0.125,
      refreshPeriod: 10,
      refreshRadius: 0.5,
      calibration: 'paper',
      epsilon: 3,
      delta: 1e-5,
      rounds: 300,
    },
    ...SMALL_REGRESSION,
    study: { name: 'gradient-estimate', clippedDifferencesEvery: 7 },
  },
  over: { 'method.differenceRadius': [0.3, 1.5, 5], seed: [1, 2] },
  expect: [
    ratio({ of: 'settledSquaredGradient', numerator: lagging, denominator: good, least: 10 }),
    ratio({ of: 'settledSquaredGradient', numerator: feedingBack, denominator: good, least: 10 }),
    // The small radius clips every difference, the good one 7 to 10 % of them, by the seed.
    ratio({ of: 'meanClippedDifferences', numerator: lagging, denominator: good, least: 5 }),
    // By an accountant of its own, whatever C2: mu^2 = 30 / 112.5 + 270 / 4500.
    between({ of: 'finalEpsilon', least: 2.3149, most: 2.3151 }),
  ],
  expectedSeconds: 30,
});

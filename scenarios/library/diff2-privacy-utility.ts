import { where } from '../../protocol/scenario/expectation.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';
import { DIFF2, DP_GD, SMALL_REGRESSION, SMALLER_GRADIENT } from './parts/diff2.js';

export default sweep('diff2-privacy-utility', {
  description:
    'DIFF2 against DP-GD (refresh period 1) at equal epsilon on a small regression: gradient differences need less noise than gradients.',
  base: {
    method: {
      name: 'diff2',
      learningRate: 0.125,
      refreshRadius: 0.5,
      differenceRadius: 1.5,
      calibration: 'paper',
      epsilon: 3,
      delta: 1e-5,
      rounds: 300,
    },
    ...SMALL_REGRESSION,
    study: { name: 'gradient-estimate' },
  },
  over: { 'method.refreshPeriod': [1, 10], seed: [1, 2, 3, 4, 5] },
  expect: [
    ratio({ of: 'meanEstimatorError', numerator: DIFF2, denominator: DP_GD, most: 0.5 }),
    ratio({ of: 'settledSquaredGradient', numerator: DIFF2, denominator: DP_GD, most: 0.85 }),
    // By an accountant of its own: mu^2 = 30 / 112.5 + 270 / 4500 with differences, 300 / 900 without.
    where(DIFF2, between({ of: 'finalEpsilon', least: 2.3149, most: 2.3151 })),
    where(DP_GD, between({ of: 'finalEpsilon', least: 2.3413, most: 2.3415 })),
    // d (C1 sigma1)^2 = 101 * 0.25 * 0.0036 = 0.0909, and what clipping moves.
    where(DP_GD, between({ of: 'meanEstimatorError', least: 0.09, most: 0.15 })),
  ],
  claims: [SMALLER_GRADIENT],
  expectedSeconds: 40,
});

import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { sweep } from '../../protocol/scenario/scenario.js';

/** a_1, a_2, a_3 of f_i(x) = <a_i, x>^2 + |x|^2 / 4. */
const DIRECTIONS = [
  [-3, 2, 2],
  [2, -3, 2],
  [2, 2, -3],
];
/** As x^T H_i x / 2: H_i = 2 a_i a_i^T + I / 2, row by row; the minimum of all is 0. */
const MATRICES = DIRECTIONS.map((a) => a.flatMap((p, j) => a.map((q, k) => 2 * p * q + (j === k ? 0.5 : 0))));
const STEP = 0.003;
const ROUNDS = 400;

/**
 * From x = (1, 1, 1): <a_i, x> = 1 and the gradient of f_i is 2 a_i + x / 2, whose largest entry by magnitude is that of -3, worth
 * -11/2. The mean of the three kept entries is -11/6 in every coordinate: x grows by exactly 1 + 11 step / 6, for ever.
 */
const GROWTH = (1 + (11 * STEP) / 6) ** ROUNDS;
/** f(x) = mean of x^T H_i x / 2 at x = (1, 1, 1): 1 + 3/4. */
const INITIAL_LOSS = 1.75;
const diverged = INITIAL_LOSS * GROWTH ** 2;

const TOP_1 = { name: 'top-k', count: 1 };
const EXACT = 1e-9;

export default sweep('top-1-divergence', {
  description:
    'Three workers for whom the largest entry of the gradient alone points uphill: averaging top-1 diverges by exactly 1 + 11 step / 6 a round, EF21 with the same codec converges.',
  base: {
    method: 'sgd',
    objective: {
      name: 'quadratic',
      dimension: 3,
      matrices: MATRICES,
      centres: DIRECTIONS.map(() => [0, 0, 0]),
      initialValue: 1,
    },
    data: 'none',
    clients: 3,
    rounds: ROUNDS,
    precision: 'float64',
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'sgd', batchSize: 1, optimizer: { name: 'sgd', learningRate: STEP } },
      { name: 'ef21', stepSize: STEP },
    ],
  },
  expect: [],
  expectedSeconds: 3,
});

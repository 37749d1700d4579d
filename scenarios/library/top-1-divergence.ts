import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { between } from '../../protocol/scenario/expectations/between.js';
import { finite } from '../../protocol/scenario/expectations/finite.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

/** a_1, a_2, a_3 of f_i(x) = <a_i, x>^2 + |x|^2 / 4. */
const DIRECTIONS = [
  [-3, 2, 2],
  [2, -3, 2],
  [2, 2, -3],
];
/** As x^T H_i x / 2: H_i = 2 a_i a_i^T + I / 2, row by row; the minimum of all is 0. */
const MATRICES = DIRECTIONS.map((a) => a.flatMap((p, j) => a.map((q, k) => 2 * p * q + (j === k ? 0.5 : 0))));
const STEP = 0.003;
const ROUNDS = 5000;

/**
 * From x = (1, 1, 1): <a_i, x> = 1 and the gradient of f_i is 2 a_i + x / 2, whose largest entry by magnitude is that of -3, worth
 * -11/2. The mean of the three kept entries is -11/6 in every coordinate: x grows by exactly 1 + 11 step / 6 a round, without end.
 */
const GROWTH = 1 + (11 * STEP) / 6;
/** f(x) at x = (1, 1, 1): 1 + 3/4. */
const INITIAL_LOSS = 1.75;
const diverged = INITIAL_LOSS * GROWTH ** (2 * ROUNDS);

const averaging = { 'codecs.gradient.memory': null };
const ef21 = { 'codecs.gradient.memory.name': 'ef21' };
const diverges = where(
  averaging,
  between({ of: 'finalLoss', least: diverged * (1 - 1e-9), most: diverged * (1 + 1e-9) }),
);
const converges = where(ef21, below({ of: 'finalLoss', value: 1.6e-15 }));

const apart = ratio({ of: 'finalLoss', numerator: ef21, denominator: averaging, most: 1e-30 });

const TOP_1 = { name: 'top-k', count: 1 };

export default sweep('top-1-divergence', {
  description:
    'Three workers for which the largest entry of the gradient alone points uphill: averaging top-1 diverges by exactly 1 + 11 step / 6 a round, EF21 with the same codec converges.',
  base: {
    method: { name: 'sgd', batchSize: 1, optimizer: { name: 'sgd', learningRate: STEP } },
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
    evaluation: { everyRounds: 250 },
    checkpoints: { everyRounds: null },
    expect: [finite({ growth: 'allowed' })],
  },
  over: {
    'codecs.gradient': [{ codec: TOP_1 }, { codec: TOP_1, memory: 'ef21' }],
  },
  expect: [diverges, converges],
  claims: [
    {
      claim: 'EF21 converges with a biased compressor and a constant step where naive averaging diverges exponentially',
      source: 'Beznosikov et al., On Biased Compression; Richtarik et al., EF21 (NeurIPS 2021)',
      where: ef21,
      against: averaging,
      judgedBy: [apart, converges, diverges],
      text: 'reconstruction',
      note: 'EF21 and the claim are from memory, not checked against the papers. Nothing is drawn: all seeds give the same numbers.',
    },
  ],
  expectedSeconds: 15,
});

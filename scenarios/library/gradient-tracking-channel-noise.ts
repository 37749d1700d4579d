import { channelNoise } from '../../protocol/faults/channel-noise.js';
import { where } from '../../protocol/scenario/expectation.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { slope } from '../../protocol/scenario/expectations/slope.js';
import { sweep } from '../../protocol/scenario/input.js';

const ROUNDS = 4000;

/** One time scale: alpha = 2 / (k + 40), gamma = beta = 20 / (k + 40) in round k = 1, 2, ... */
const stepSize = { name: 'inverse-power', rate: 2, offset: 41 };
const mixing = { name: 'inverse-power', rate: 20, offset: 41 };

export default sweep('gradient-tracking-channel-noise', {
  description:
    'Eight peers on a ring whose links add noise (sigma 0.1): the error of plain gradient tracking grows, with variance-reduced ' +
    'aggregation it falls like 1/k, and so does that of the tracked gradient, which robust tracking alone leaves noisy.',
  base: {
    method: { name: 'vra-dgt' },
    // 80 coordinates: as many noise samples as 16 runs in 5.
    objective: { name: 'quadratic', dimension: 80, smallestEigenvalue: 0.5, largestEigenvalue: 2, centreSpread: 2 },
    data: 'none',
    clients: 8,
    rounds: ROUNDS,
    precision: 'float64',
    topology: { name: 'ring' },
    faults: [channelNoise({ stddev: 0.1 })],
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'robust-gradient-tracking', stepSize, mixing },
      { name: 'gradient-tracking', stepSize },
      { name: 'vra-dgt', stepSize, mixing, aggregationWeight: mixing },
    ],
  },
  expect: [
    everyFaultHappened(),
    where(
      { 'method.name': 'vra-dgt' },
      slope({ of: 'meanSquaredError', fromRound: ROUNDS / 20, least: -1.25, most: -0.8 }),
    ),
    where(
      { 'method.name': 'gradient-tracking' },
      slope({ of: 'meanSquaredError', fromRound: ROUNDS / 20, least: 0.5 }),
    ),
    ratio({
      of: 'finalMeanSquaredError',
      numerator: { 'method.name': 'gradient-tracking' },
      denominator: { 'method.name': 'vra-dgt' },
      least: 1e3,
    }),
    where(
      { 'method.name': 'vra-dgt' },
      slope({ of: 'trackedGradientSquared', fromRound: ROUNDS / 20, least: -1.25, most: -0.8 }),
    ),
    ratio({
      of: 'finalTrackedGradientSquared',
      numerator: { 'method.name': 'robust-gradient-tracking' },
      denominator: { 'method.name': 'vra-dgt' },
      least: 100,
    }),
    where({ 'method.name': 'vra-dgt' }, below({ of: 'finalMeanSquaredError', value: 0.01 })),
  ],
  claims: [
    {
      claim: 'VRA-DGT: the mean square error is O(1/k) over links with channel noise, on one time scale',
      source: 'Zhao and Liu, arXiv 2501.05737, abstract',
      where: { 'method.name': 'vra-dgt' },
      judgedBy: [slope({ of: 'meanSquaredError', fromRound: ROUNDS / 20, least: -1.25, most: -0.8 })],
    },
  ],
  expectedSeconds: 40,
});

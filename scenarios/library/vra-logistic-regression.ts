import { channelNoise } from '../../protocol/faults/channel-noise.js';
import { probabilisticQuantiser } from '../../protocol/faults/probabilistic-quantiser.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { everyFaultHappened } from '../../protocol/scenario/expectations/every-fault-happened.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { slope } from '../../protocol/scenario/expectations/slope.js';
import { sweep } from '../../protocol/scenario/input.js';

const ROUNDS = 1000;
const stepSize = { name: 'inverse-power', rate: 30, offset: 121 };
const mixing = { name: 'inverse-power', rate: 20, offset: 121 };
const vra = { 'method.name': 'vra-dgt' };
const tracking = { 'method.name': 'gradient-tracking' };

export default sweep('vra-logistic-regression', {
  description:
    'Multinomial logistic regression on handwritten digits, eight peers with skewed labels on a ring, links with noise of sigma 0.1 or ' +
    'with a probabilistic quantiser of step 0.3: VRA-DGT converges, the tracker of plain gradient tracking drifts away.',
  base: {
    method: { name: 'vra-dgt' },
    objective: { name: 'softmax-regression', l2: 0.02 },
    data: { name: 'mnist', size: 8, trainCount: 1000, testCount: 500, partition: { name: 'dirichlet', alpha: 0.3 } },
    clients: 8,
    rounds: ROUNDS,
    seed: 3,
    precision: 'float64',
    topology: { name: 'ring' },
    evaluation: { everyRounds: 20 },
    checkpoints: { everyRounds: null },
  },
  over: {
    method: [
      { name: 'gradient-tracking', stepSize },
      { name: 'vra-dgt', stepSize, mixing, aggregationWeight: mixing },
    ],
    faults: [[channelNoise({ stddev: 0.1 })], [probabilisticQuantiser({ step: 0.3, per: 'link' })]],
  },
  expect: [
    everyFaultHappened(),
    where(vra, above({ of: 'finalAccuracy', value: 0.6 })),
    ratio({ of: 'finalLoss', numerator: tracking, denominator: vra, least: 5 }),
    where(vra, slope({ of: 'consensusError', fromRound: ROUNDS / 20, least: -1.25, most: -0.8 })),
    where(vra, slope({ of: 'trackedGradientSquared', fromRound: ROUNDS / 20, least: -1.25, most: -0.7 })),
    where(tracking, slope({ of: 'trackedGradientSquared', fromRound: ROUNDS / 20, least: 0.5 })),
  ],
  claims: [
    {
      claim: 'VRA-DGT solves logistic regression on real data over channels with noise and with quantisation',
      source:
        'Zhao and Liu, arXiv 2501.05737: real data in the abstract, noise and quantisation as summed up by others',
      where: vra,
      judgedBy: [
        above({ of: 'finalAccuracy', value: 0.6, groupBy: 'faults' }),
        slope({ of: 'trackedGradientSquared', fromRound: ROUNDS / 20, least: -1.25, most: -0.7 }),
      ],
    },
  ],
  expectedSeconds: 40,
});

import { monotone } from '../../protocol/scenario/expectations/monotone.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';

const noise = 'method.noiseMultiplier';

export default sweep('dp-sgd-epsilon-curve', {
  description: 'DP-SGD on handwritten digits: more noise, less epsilon, less accuracy; epsilon grows with every step.',
  base: {
    method: {
      name: 'dp-sgd',
      sampling: 0.05,
      expectedBatchSize: 300,
      clippingRadius: 1,
      optimizer: { name: 'sgd', learningRate: 1 },
    },
    objective: { name: 'softmax-regression' },
    data: { name: 'mnist', size: 8, trainCount: 6_000, testCount: 2_000, partition: { name: 'iid' } },
    clients: 10,
    rounds: 150,
    evaluation: { everyRounds: 15 },
    checkpoints: { everyRounds: null },
  },
  over: { [noise]: [0.6, 2, 8, 32], seed: [1, 2] },
  expect: [
    monotone({ of: 'finalEpsilon', inOrderOf: noise, direction: 'falling' }),
    // Up to a multiplier of 8 noise costs less than what two seeds differ by (0.01).
    monotone({ of: 'finalAccuracy', inOrderOf: noise, direction: 'falling', tolerance: 0.02 }),
    ratio({ of: 'finalEpsilon', numerator: { [noise]: 0.6 }, denominator: { [noise]: 2 }, least: 5 }),
    ratio({ of: 'finalAccuracy', numerator: { [noise]: 32 }, denominator: { [noise]: 0.6 }, most: 0.9 }),
  ],
  expectedSeconds: 40,
});

import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/scenario.js';

export default sweep('privacy-audit', {
  description:
    'A training run audits its own privacy: 8000 canaries, each in the data by a fair coin, are guessed from the model. The lower bound ' +
    'on epsilon stays below the accountant’s; with noise that is secretly halved it does not. Each bound is wrong once in twenty, so five ' +
    'audits are averaged.',
  base: {
    method: {
      name: 'dp-sgd',
      sampling: 1,
      expectedBatchSize: 4_000,
      clippingRadius: 1,
      noiseMultiplier: 8,
      optimizer: { name: 'sgd', learningRate: 1 },
    },
    objective: { name: 'linear-regression', bias: false },
    data: { name: 'canaries', canaries: 8_000 },
    clients: 4,
    rounds: 16,
    precision: 'float64',
    privacy: { delta: 1e-4 },
    evaluation: { everyRounds: 16 },
    checkpoints: { everyRounds: null },
    study: { name: 'privacy-audit', guesses: 600 },
    expect: [
      ratio({ of: 'auditLowerBound', over: 'finalEpsilon', most: 1 }),
      ratio({ of: 'noNoiseLowerBound', over: 'largestLowerBound', least: 1 }),
    ],
  },
  over: { seed: [1, 2, 3, 4, 5] },
  expect: [
    ratio({ of: 'auditLowerBound', over: 'finalEpsilon', least: 0.2, most: 1 }),
    ratio({ of: 'halvedNoiseLowerBound', over: 'finalEpsilon', least: 1 }),
  ],
  expectedSeconds: 30,
});

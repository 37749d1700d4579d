import { between } from '../../protocol/scenario/expectations/between.js';
import { ratio } from '../../protocol/scenario/expectations/ratio.js';
import { sweep } from '../../protocol/scenario/input.js';
import { expectedRightGuesses } from '../studies/parts/audit-power.js';

const audit = { canaryCount: 50_000, guessCount: 2_000 };
const rounds = 16;
const noiseMultiplier = 8;
const mu = Math.sqrt(rounds) / noiseMultiplier;

/**
 * Six standard deviations about the number of guesses that are right by the binomial law. For mu = 1/2 it is 1,551 +- 19, for
 * half the noise 1,865 +- 11; epsilon 1.908 at delta 2e-5 is refuted by 1,775: 12 deviations above the one and 8 below the other.
 */
function rightGuesses(of: string, mechanism: number) {
  const { mean, stddev } = expectedRightGuesses(audit, mechanism);
  return between({ of, least: Math.ceil(mean - 6 * stddev), most: Math.floor(mean + 6 * stddev) });
}

export default sweep('privacy-audit', {
  description:
    'A training run audits its own privacy: 50,000 canaries, each in the data by a fair coin, are guessed from the model. The lower bound ' +
    'on epsilon stays below the accountant’s; with noise that is secretly halved it does not. One run is enough: by the binomial law, halved noise goes undetected with probability 1e-13.',
  base: {
    method: {
      name: 'dp-sgd',
      sampling: 1,
      expectedBatchSize: 25_000,
      clippingRadius: 1,
      noiseMultiplier,
      optimizer: { name: 'sgd', learningRate: 1 },
    },
    objective: { name: 'linear-regression', bias: false },
    data: { name: 'canaries', canaries: audit.canaryCount },
    clients: 4,
    rounds,
    precision: 'float64',
    privacy: { delta: 2e-5 },
    evaluation: { everyRounds: rounds },
    checkpoints: { everyRounds: null },
    study: { name: 'privacy-audit', guesses: audit.guessCount },
    expect: [
      ratio({ of: 'auditLowerBound', over: 'finalEpsilon', least: 0.4, most: 1 }),
      ratio({ of: 'halvedNoiseLowerBound', over: 'finalEpsilon', least: 1 }),
      ratio({ of: 'noNoiseLowerBound', over: 'largestLowerBound', least: 1 }),
      rightGuesses('auditCorrectGuesses', mu),
      rightGuesses('halvedNoiseCorrectGuesses', 2 * mu),
    ],
  },
  over: { seed: [1, 2, 3, 4, 5] },
  expect: [ratio({ of: 'halvedNoiseLowerBound', over: 'auditLowerBound', least: 1.8, most: 2.5 })],
  expectedSeconds: 10,
});

import { byzantine } from '../../protocol/faults/byzantine.js';
import { labelFlip } from '../../protocol/faults/label-flip.js';
import { where } from '../../protocol/scenario/expectation.js';
import { above } from '../../protocol/scenario/expectations/above.js';
import { below } from '../../protocol/scenario/expectations/below.js';
import { type SpecInput, sweep } from '../../protocol/scenario/input.js';
import type { Json } from '../../protocol/scenario/scenario.js';

/** f of n = 10 clients. -tau times an update turns the step of the plain mean round for tau > (n - f) / f = 4, and only then. */
const ATTACKERS = [0, 1];
const f = ATTACKERS.length;

const attacked = (attack: SpecInput) => [byzantine({ clients: ATTACKERS, attack })];

/** Robust sums of updates. The mean is `{}`. */
const RULES = {
  median: 'median',
  'trimmed-mean': { name: 'trimmed-mean', byzantine: f },
  'multi-krum': { name: 'multi-krum', byzantine: f },
  'geometric-median': 'geometric-median',
  'nearest-neighbor-mixing': [
    { name: 'nearest-neighbor-mixing', byzantine: f },
    { name: 'trimmed-mean', byzantine: f },
  ],
} as const;

/** What breaks the mean, by paths below `faults.0.attack`. */
const HARMFUL: readonly Readonly<Record<string, Json>>[] = [
  { name: 'sign-flip', scale: 6 },
  { name: 'inner-product' },
  { name: 'gaussian' },
  { name: 'adaptive' },
];

const byMean = (attack: Readonly<Record<string, Json>>) => ({
  aggregators: {},
  ...Object.fromEntries(Object.entries(attack).map(([name, value]) => [`faults.0.attack.${name}`, value])),
});

export default sweep('byzantine-clients', {
  description:
    'Attacks by robust sums on handwritten digits, two Byzantine clients of ten: what breaks the mean, what does not (a plain sign flip only ' +
    'shortens its step to 0.6, and flipped labels of two are outvoted), and that median, trimmed mean, Multi-Krum, geometric median and nearest-neighbour mixing withstand all of it.',
  base: {
    method: { name: 'fedavg', localEpochs: 1, batchSize: 20, clientLearningRate: 0.1 },
    objective: { name: 'softmax-regression' },
    data: { name: 'mnist', size: 14, trainCount: 2_000, testCount: 1_000, partition: 'iid' },
    clients: 10,
    rounds: 15,
    evaluation: { everyRounds: 15 },
    checkpoints: { everyRounds: null },
  },
  over: {
    faults: [
      [],
      attacked({ name: 'sign-flip', scale: 1 }),
      attacked({ name: 'sign-flip', scale: 6 }),
      attacked({ name: 'inner-product', strength: 6 }),
      attacked({ name: 'gaussian', stddev: 1 }),
      attacked({ name: 'adaptive', along: 'little-is-enough' }),
      [labelFlip({ clients: ATTACKERS })],
    ],
    aggregators: [{}, ...Object.values(RULES).map((update) => ({ update }))] as never,
  },
  expect: [
    where({ aggregators: {}, faults: [] }, above({ of: 'finalAccuracy', value: 0.7 })),
    where(byMean({ name: 'sign-flip', scale: 1 }), above({ of: 'finalAccuracy', value: 0.65 })),
    where({ aggregators: {}, 'faults.0.fault': 'label-flip' }, above({ of: 'finalAccuracy', value: 0.65 })),
    ...HARMFUL.map((attack) => where(byMean(attack), below({ of: 'finalAccuracy', value: 0.6 }))),
    ...Object.keys(RULES).map((name) =>
      where({ 'aggregators.update.0.name': name }, above({ of: 'finalAccuracy', value: 0.7 })),
    ),
  ],
  expectedSeconds: 25,
});

import { expect } from 'chai';
import { loadMethod } from '../../protocol/method-loader.js';
import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { placements } from '../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun } from '../../scenarios/check/parts/tiny-run.js';

const METHODS = {
  fedasync: await loadMethod('fedasync'),
  fedat: await loadMethod('fedat'),
  fedbuff: await loadMethod('fedbuff'),
  'fedbuff-secure': await loadMethod('fedbuff-secure'),
};
type Name = keyof typeof METHODS;

const CLIENTS = 10;

/** Two of ten are Byzantine, and neither the fastest nor the slowest. */
function problem(name: Name, hyperparameters: object, more: object = {}) {
  return resolveTiny(METHODS[name], {
    method: { name, batchSize: 2, clientLearningRate: 0.05, ...hyperparameters },
    objective: { name: 'quadratic', dimension: 6 },
    clients: CLIENTS,
    rounds: 20,
    precision: 'float64',
    checkpoints: { everyRounds: 6 },
    evaluation: { everyRounds: 1 },
    devices: logNormalDevices({ clients: CLIENTS, seed: 3, msPerExample: 5, msPerRound: 20, logStddev: 0.7 }),
    links: [{ latencyMs: 15, jitterMs: 10, bandwidthMbps: 1 }],
    ...more,
  });
}

const byzantine = (attack: string | object, more: object = {}) => [
  { fault: 'byzantine', clients: [8, 9], attack, ...more },
];

const seen = ({ digest, result, entries }: TinyRun) => ({
  digest,
  bytes: result.bytes,
  simulatedMs: result.simulatedMs,
  faultsFired: result.faultsFired,
  entries,
});

describe('Byzantine clients and robust sums of asynchronous methods', () => {
  for (const [words, name, hyperparameters, faults, aggregators] of [
    [
      'fedbuff: ALIE against a trimmed mean of five answers',
      'fedbuff',
      { bufferSize: 5 },
      byzantine('little-is-enough'),
      { update: { name: 'trimmed-mean', byzantine: 1 } },
    ],
    [
      'fedbuff: an adaptive attack against Krum behind buckets',
      'fedbuff',
      { bufferSize: 10 },
      byzantine('adaptive'),
      { update: [{ name: 'bucketing', size: 2 }, 'krum'] },
    ],
    [
      'fedasync: IPM against centred clipping, after step 4',
      'fedasync',
      {},
      byzantine('inner-product', { from: 4 }),
      { local: { name: 'centered-clipping', radius: 0.5 } },
    ],
    [
      'fedat: noise against the median of a tier, of which half is enough',
      'fedat',
      { tiers: 2, quorum: 0.6 },
      byzantine('gaussian'),
      { local: 'median' },
    ],
    [
      'delayed DiLoCo: replayed answers without a robust sum',
      'fedbuff',
      { bufferSize: 1, serverOptimizer: { name: 'delayed-nesterov', learningRate: 0.3 } },
      byzantine('replay'),
      {},
    ],
  ] as const)
    it(`${words}: equal bits, bytes, times and firings in all placements, and resumed from each checkpoint`, async function () {
      this.timeout(240_000);
      const long = { rounds: 45, checkpoints: { everyRounds: 14 } };
      const scenario = await problem(name, hyperparameters, { ...long, faults, aggregators });
      const whole = await runTiny(scenario, METHODS[name]);
      expect(whole.result.faultsFired[0], 'forged answers').to.be.greaterThan(2);
      const honest = await runTiny(await problem(name, hyperparameters, { ...long, aggregators }), METHODS[name]);
      expect(whole.digest).to.not.equal(honest.digest);
      for (const placement of placements)
        expect(seen(await runTiny(scenario, METHODS[name], { placement })), placement.name).to.deep.equal(seen(whole));
      expect(whole.snapshots).to.have.length(3);
      for (const from of whole.snapshots) {
        const { entries, ...resumed } = seen(await runTiny(scenario, METHODS[name], { from }));
        const { entries: all, ...expected } = seen(whole);
        expect(resumed, `from ${from.round}`).to.deep.equal(expected);
        expect(entries).to.deep.equal(all.slice(from.round));
      }
    });

  const mean = { name: 'inner-product', strength: 8 };
  const scaled = { name: 'scaling', factor: -50 };
  const bound = { name: 'norm-bounding', radius: 0.5 };
  for (const [name, hyperparameters, attack, aggregators] of [
    ['fedbuff', { bufferSize: 10 }, mean, { update: 'median' }],
    ['fedbuff', { bufferSize: 10 }, mean, { update: { name: 'trimmed-mean', byzantine: 3 } }],
    ['fedbuff', { bufferSize: 10 }, mean, { update: { name: 'multi-krum', byzantine: 3 } }],
    ['fedbuff', { bufferSize: 1, serverLearningRate: 0.3 }, scaled, { update: bound }],
    ['fedasync', { mixing: 0.3 }, scaled, { local: bound }],
    ['fedasync', { mixing: 0.3 }, scaled, { local: { name: 'centered-clipping', radius: 0.5 } }],
    ['fedat', { tiers: 2 }, scaled, { local: 'median' }],
  ] as const)
    it(`${name} ${JSON.stringify(hyperparameters)}: with ${attack.name} by two of ten the plain mean ends worse than it began, and with ${JSON.stringify(aggregators)} at less than a third`, async function () {
      this.timeout(60_000);
      const single = name === 'fedasync' || ('bufferSize' in hyperparameters && hyperparameters.bufferSize === 1);
      const more = {
        objective: { name: 'softmax-regression' },
        data: {
          name: 'gaussian-clusters',
          classes: 4,
          features: 6,
          separation: 4,
          examples: 200,
          testExamples: 200,
          partition: 'iid',
        },
        rounds: single ? 200 : 40,
        checkpoints: { everyRounds: null },
      };
      const settings = { ...hyperparameters, batchSize: 5, clientLearningRate: 0.2 };
      const lossOf = async (given: object) => {
        const { losses } = await runTiny(await problem(name, settings, { ...more, ...given }), METHODS[name]);
        // An attacker answers now and then: the mean of the last ten steps.
        return losses.slice(-10).reduce<number>((sum, loss) => sum + loss! / 10, 0);
      };
      // Softmax regression begins at 0, with log 4.
      const begin = Math.log(4);
      const faults = byzantine(attack);
      expect(await lossOf({}), 'without an attack').to.be.below(begin / 4);
      expect(await lossOf({ faults }), 'the plain mean').to.be.above(begin);
      expect(await lossOf({ faults, aggregators }), 'the robust sum').to.be.below(begin / 3);
    });

  it('what no robust sum and no forged answer has a meaning for is refused by name, with the reason', async () => {
    for (const [name, hyperparameters, more, text] of [
      [
        'fedasync',
        {},
        { aggregators: { local: 'median' } },
        /aggregators\.local: expected a rule that bounds single vectors.*'fedasync' folds one answer at a time, among which 'median' can neither rank nor choose/,
      ],
      ['fedasync', {}, { aggregators: { local: ['norm-bounding', 'krum'] } }, /among which 'krum'/],
      [
        'fedbuff',
        { bufferSize: 1 },
        { aggregators: { update: 'geometric-median' } },
        /'fedbuff' folds one answer at a time/,
      ],
      [
        'fedbuff',
        { bufferSize: 4 },
        { aggregators: { update: { name: 'krum', byzantine: 1 } } },
        /aggregators\.update: krum: expected at least 5 vectors.*got 4/,
      ],
      [
        'fedat',
        { tiers: 3, quorum: 0.5 },
        { aggregators: { local: { name: 'trimmed-mean', byzantine: 1 } } },
        /aggregators\.local: trimmed-mean: expected at least 3 vectors.*got 2/,
      ],
      [
        'fedbuff',
        { bufferSize: 5 },
        { aggregators: { update: 'clipped-gossip' } },
        /no 'clipped-gossip' on what the coordinator takes/,
      ],
      ['fedbuff-secure', { bufferSize: 5 }, { aggregators: { update: 'median' } }, /aggregators\.update: /],
      [
        'fedbuff-secure',
        { bufferSize: 5 },
        { faults: byzantine('sign-flip') },
        /faults\.0\.fault: expected a rule other than 'byzantine', since of 'fedbuff-secure' its coordinator sees masked answers, and the sum of a full buffer alone/,
      ],
    ] as const) {
      const refused = await problem(name, hyperparameters, more).then(
        () => 'accepted',
        ({ message }: Error) => message,
      );
      expect(refused, `${name} ${JSON.stringify(more)}`).to.match(text);
    }
  });
});

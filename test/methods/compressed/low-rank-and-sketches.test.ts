import { expect } from 'chai';
import { type CountSketch, estimateAll } from '../../../protocol/methods/compressed/parts/count-sketch.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { type TinyRun, tinyRun, tinyScenario } from '../../support/tiny-run.js';

const CLIENTS = 4;

function stateOf<T>(run: TinyRun, party: 'coordinator' | number): T {
  return run.records.get(party)!.state as T;
}

const dropped = (probability: number): Scenario['faults'] => [
  {
    fault: 'drop',
    from: 0,
    until: null,
    kind: null,
    direction: 'all',
    senders: 'all',
    receivers: 'all',
    probability,
  },
];

/** Softmax regression on clusters: one matrix of 20 x 5 and a bias of 5. */
function classification(method: Scenario['method'], rounds: number, changes: Partial<Scenario> = {}): Scenario {
  return tinyScenario(method.name, {
    method,
    objective: { name: 'softmax-regression', l2: 0 },
    data: {
      name: 'gaussian-clusters',
      features: 20,
      classes: 5,
      examples: 400,
      testExamples: 200,
      separation: 3,
      partition: { name: 'iid' },
    },
    clients: CLIENTS,
    rounds,
    precision: 'float64',
    evaluation: { everyRounds: 10, train: false },
    ...changes,
  });
}

const finalLoss = (run: TinyRun) => run.rows.findLast(({ loss }) => loss !== null)!.loss!;
const SGD = { name: 'sgd', batchSize: 1000, optimizer: { name: 'sgd', learningRate: 0.2 } };

describe('PowerSGD', function () {
  this.timeout(20_000);
  const rank = (r: number, more: object = {}) => ({
    name: 'powersgd',
    rank: r,
    leastRatio: 0.5,
    momentum: 0,
    learningRate: 0.1,
    batchSize: null,
    ...more,
  });

  it('rank 1 sends 25 numbers of the 100 of a 20 x 5 matrix, and the 5 of the bias; after the start no model comes down', async () => {
    const run = await tinyRun(classification(rank(1), 3));
    const numbers = 20 + (5 + 5);
    const dense = await tinyRun(classification(SGD, 3));
    // Per client a frame for each of the two messages; sgd sends one of 105 numbers and a scalar in one frame.
    expect(run.rows[2]!.bytesUp).to.be.within(CLIENTS * 8 * numbers, CLIENTS * (8 * numbers + 150));
    expect(run.rows[2]!.bytesUp).to.be.below(0.6 * dense.rows[2]!.bytesUp);
    expect(run.rows[0]!.bytesDown).to.be.above(run.rows[1]!.bytesDown + CLIENTS * 2 * 105 * 8);
    expect(run.rows[1]!.bytesDown).to.be.below(CLIENTS * (8 * numbers + 250));
  });

  it('at full rank it is gradient descent with step 2 x rate (g + m with m = g), to 1e-9', async () => {
    const run = await tinyRun(classification(rank(5), 30));
    const descent = await tinyRun(classification(SGD, 30));
    const [a, b] = [run, descent].map((each) => stateOf<{ params: Float64Array }>(each, 'coordinator').params);
    for (let i = 0; i < a!.length; i++) expect(a![i]).to.be.closeTo(b![i]!, 1e-9);
  });

  it('rank 1 with error feedback and warm start comes within 5 % of the loss of whole gradients after 150 rounds', async () => {
    const run = await tinyRun(classification(rank(1), 150));
    const dense = await tinyRun(classification(SGD, 150));
    expect(finalLoss(run) / finalLoss(dense)).to.be.within(0.95, 1.05);
  });

  it('with 20 % of all frames lost and 3 of 4 clients a round, all that are up to date hold the same bits as the server', async () => {
    const run = await tinyRun(
      classification(rank(2, { momentum: 0.5 }), 80, {
        faults: dropped(0.2),
        participation: { cohort: 3, sampling: 'fixed', quorum: null, deadlineMs: null },
      }),
    );
    interface Common {
      readonly params: Float64Array;
      readonly momentum: Float64Array;
      readonly basis: Float64Array;
    }
    const { synchronized, ...server } = stateOf<Common & { synchronized: readonly number[] }>(run, 'coordinator');
    let alike = 0;
    for (const client of synchronized) {
      const { common } = stateOf<{ common: Common | null }>(run, client);
      if (!common) continue;
      expect(common).to.deep.equal(server);
      alike++;
    }
    expect(run.firings[0]).to.be.above(100);
    expect(alike).to.be.above(0);
    expect(finalLoss(run)).to.be.below(0.7 * run.rows.find(({ loss }) => loss !== null)!.loss!);
  });
});

describe('FetchSGD', function () {
  this.timeout(20_000);
  const fetch = (more: object = {}) => ({
    name: 'fetchsgd',
    rows: 5,
    columns: 60,
    kept: 20,
    momentum: 0.5,
    learningRate: 0.1,
    batchSize: null,
    ...more,
  });

  // Zeroing takes the momentum of what has just moved too, so that the step is the rate alone; otherwise it is rate / (1 - momentum).
  for (const [extraction, learningRate] of [
    ['zero', 0.2],
    ['subtract', 0.1],
  ] as const)
    it(`extraction '${extraction}': 20 of 105 entries a round learn to within 10 % of the loss of whole gradients`, async () => {
      const run = await tinyRun(classification(fetch({ extraction, learningRate }), 150));
      const dense = await tinyRun(classification(SGD, 150));
      expect(finalLoss(run) / finalLoss(dense)).to.be.below(1.1);
    });

  it('all entries kept from a sketch without collisions, subtracted, no momentum: gradient descent, to 1e-9', async () => {
    const wide = fetch({
      rows: 5,
      columns: 20_000,
      kept: 105,
      momentum: 0,
      extraction: 'subtract',
      learningRate: 0.2,
    });
    const run = await tinyRun(classification(wide, 5));
    const descent = await tinyRun(classification(SGD, 5));
    const [a, b] = [run, descent].map((each) => stateOf<{ params: Float64Array }>(each, 'coordinator').params);
    for (let i = 0; i < a!.length; i++) expect(a![i]).to.be.closeTo(b![i]!, 1e-9);
  });

  for (const [extraction, keepsMomentum] of [
    ['zero', false],
    ['subtract', true],
  ] as const)
    it(`extraction '${extraction}' takes the 20 entries that moved out of the error and ${keepsMomentum ? 'leaves them in' : 'out of'} the momentum`, async () => {
      const wide = fetch({ rows: 5, columns: 20_000, kept: 20, momentum: 0.5, learningRate: 0.2, extraction });
      const after = async (rounds: number) =>
        stateOf<{ params: Float64Array; momentum: CountSketch; error: CountSketch }>(
          await tinyRun(classification(wide, rounds)),
          'coordinator',
        );
      const [former, latter] = [await after(2), await after(3)];
      const moved = [...latter.params.keys()].filter((i) => latter.params[i] !== former.params[i]);
      expect(moved).to.have.length(20);
      const largest = (sketch: CountSketch) => {
        const estimates = estimateAll(sketch, new Float64Array(105));
        return Math.max(...moved.map((i) => Math.abs(estimates[i]!)));
      };
      expect(largest(latter.error)).to.be.below(1e-12);
      if (keepsMomentum) expect(largest(latter.momentum)).to.be.above(1e-3);
      else expect(largest(latter.momentum)).to.equal(0);
    });

  it('clients have no state: one that crashes and restarts changes no bit of the others, and the run continues', async () => {
    const crash: Scenario['faults'] = [
      { fault: 'crash', from: 5, until: 8, clients: [1], downRounds: null, memory: 'lost' },
    ];
    const lost = await tinyRun(classification(fetch(), 12, { faults: crash }));
    const kept = await tinyRun(classification(fetch(), 12, { faults: [{ ...crash[0]!, memory: 'kept' }] }));
    expect(lost.states).to.deep.equal(kept.states);
  });
});

describe('1-bit Adam', function () {
  this.timeout(20_000);
  const WARMUP = 30;
  const adam = (more: object = {}) => ({
    name: 'one-bit-adam',
    learningRate: 0.01,
    warmupRounds: WARMUP,
    batchSize: null,
    ...more,
  });
  const signs: Scenario['codecs'] = Object.fromEntries(
    ['average', 'momentum'].map((kind) => [
      kind,
      { codec: { name: 'scaled-sign' }, memory: null, scope: 'vector' as const },
    ]),
  );
  interface Server {
    readonly params: Float64Array;
    readonly momentum: Float64Array;
    readonly variance: Float64Array;
    readonly synchronized: readonly number[];
  }

  it('the warm-up is Adam without bias correction, to 1e-12, with one client too; afterwards the variance is frozen', async () => {
    const optimizer = { name: 'adam', learningRate: 0.01, biasCorrection: false };
    const plain = await tinyRun(classification({ ...SGD, optimizer }, WARMUP));
    const warm = stateOf<Server>(await tinyRun(classification(adam(), WARMUP)), 'coordinator');
    const { params } = stateOf<{ params: Float64Array }>(plain, 'coordinator');
    for (let i = 0; i < params.length; i++) expect(warm.params[i]).to.be.closeTo(params[i]!, 1e-12);
    const single = { clients: 1 };
    const one = stateOf<{ params: Float64Array }>(
      await tinyRun(classification({ ...SGD, optimizer }, 5, single)),
      'coordinator',
    );
    const alone = stateOf<Server>(await tinyRun(classification(adam(), 5, single)), 'coordinator');
    for (let i = 0; i < params.length; i++) expect(alone.params[i]).to.be.closeTo(one.params[i]!, 1e-12);
    const later = stateOf<Server>(await tinyRun(classification(adam(), 3 * WARMUP, { codecs: signs })), 'coordinator');
    expect(later.variance).to.deep.equal(warm.variance);
    expect(later.params).to.not.deep.equal(warm.params);
  });

  it('compressed to signs both ways it ends within 10 % of the loss of uncompressed, for less than 1/4 of the bytes each way', async () => {
    const rounds = 200;
    const compressed = await tinyRun(classification(adam(), rounds, { codecs: signs }));
    const whole = await tinyRun(classification(adam(), rounds));
    expect(finalLoss(compressed) / finalLoss(whole)).to.be.below(1.1);
    for (const direction of ['bytesUp', 'bytesDown'] as const)
      expect(whole.rows.at(-1)![direction] / compressed.rows.at(-1)![direction]).to.be.above(4);
  });

  it('with 10 % of all frames lost, clients that are up to date hold the same bits as the server', async () => {
    const run = await tinyRun(classification(adam(), 80, { codecs: signs, faults: dropped(0.1) }));
    const server = stateOf<Server>(run, 'coordinator');
    let alike = 0;
    for (const client of server.synchronized) {
      const own = stateOf<{ params: Float64Array | null; momentum: Float64Array }>(run, client);
      if (!own.params) continue;
      expect(own.params).to.deep.equal(server.params);
      expect(own.momentum).to.deep.equal(server.momentum);
      alike++;
    }
    expect(run.firings[0]).to.be.above(50);
    expect(alike).to.be.above(0);
    expect(finalLoss(run)).to.be.below(0.8 * run.rows.find(({ loss }) => loss !== null)!.loss!);
  });
});

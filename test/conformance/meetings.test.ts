import { expect } from 'chai';
import type { PartyId } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { linksIn } from '../../protocol/party/links-in.js';
import { decodeRecord } from '../../protocol/party/record.js';
import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { placements } from '../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun } from '../../scenarios/check/parts/tiny-run.js';

const CLIENTS = 6;
const method = await loadMethod('ad-psgd');

/** Speeds of a log-normal law with sigma 1.5: the slowest client is tens of times slower than the fastest. */
function problem(more: object = {}, hyperparameters: object = {}) {
  return resolveTiny(method, {
    method: { name: 'ad-psgd', batchSize: 2, stepSize: 0.05, ...hyperparameters },
    objective: { name: 'quadratic', dimension: 6, examples: 4, exampleSpread: 0.5 },
    topology: { name: 'ring' },
    clients: CLIENTS,
    rounds: 40,
    precision: 'float64',
    checkpoints: { everyRounds: 12 },
    evaluation: { everyRounds: 1 },
    devices: logNormalDevices({ clients: CLIENTS, seed: 3, msPerExample: 5, msPerRound: 20, logStddev: 1.5 }),
    links: [{ latencyMs: 15, jitterMs: 10, bandwidthMbps: 1 }],
    ...more,
  } as never);
}

const ages = ({ rows }: TinyRun) => rows.map(({ extra }) => extra.age);

/** What must not depend on where the parties run. */
const seen = (run: TinyRun) => ({
  digest: run.digest,
  bytes: run.result.bytes,
  simulatedMs: run.result.simulatedMs,
  faultsFired: run.result.faultsFired,
  times: run.rows.map(({ simulatedMs, loss }) => [simulatedMs, loss]),
  entries: run.entries,
  ages: ages(run),
});

interface Peer {
  readonly x: Float64Array;
  readonly gradient: Float64Array | null;
}

const peers = (records: ReadonlyMap<PartyId, Uint8Array>): readonly Peer[] =>
  Array.from({ length: CLIENTS }, (_, client) => decodeRecord(client, records.get(client)!).state as Peer);

describe('asynchronous gossip on the virtual clock', () => {
  for (const [name, more] of [
    ['a ring', {}],
    ['a graph that changes', { topology: { name: 'random-matching' } }],
    ['a lossy codec with error feedback', { codecs: { model: { codec: 'top-k', memory: 'error-feedback' } } }],
    [
      'messages lost and late, a slow client, one that is away and one that forgets',
      {
        topology: { name: 'complete' },
        faults: [
          { fault: 'drop', probability: 0.1 },
          { fault: 'delay', probability: 0.2, delayMs: 500 },
          { fault: 'slow', clients: [0], factor: 3, from: 8, until: 20 },
          { fault: 'crash', clients: [1], from: 5, until: 15 },
          { fault: 'crash', clients: [2], from: 9, until: 11, memory: 'lost' },
        ],
      },
    ],
    [
      'an attack, against which models are clipped',
      {
        topology: { name: 'complete' },
        faults: [{ fault: 'byzantine', clients: [2], attack: { name: 'sign-flip' } }],
        aggregators: { model: { name: 'clipped-gossip' } },
      },
    ],
  ] as const)
    it(`${name}: equal bits, bytes, times, pairs and ages in all placements, and resumed from each checkpoint`, async function () {
      this.timeout(240_000);
      const scenario = await problem(more);
      const whole = await runTiny(scenario, method);
      expect(Math.max(...ages(whole).map((age) => age ?? 0)), 'a stale gradient').to.be.greaterThan(0);
      for (const placement of placements)
        expect(seen(await runTiny(scenario, method, { placement })), placement.name).to.deep.equal(seen(whole));
      expect(whole.snapshots).to.have.length(3);
      for (const from of whole.snapshots)
        for (const placement of [undefined, placements.at(-1)!]) {
          const resumed = seen(await runTiny(scenario, method, { from, ...(placement && { placement }) }));
          const all = seen(whole);
          expect(resumed, `from ${from.round}`).to.deep.equal({
            ...all,
            times: all.times.slice(from.round),
            entries: all.entries.slice(from.round),
            ages: all.ages.slice(from.round),
          });
        }
    });

  it('a checkpoint without who is ready when gives other bits', async () => {
    const scenario = await problem();
    const whole = await runTiny(scenario, method);
    const from = whole.snapshots[1]!;
    const { meetings, ...carried } = from.carried;
    expect(meetings).to.not.equal(undefined);
    expect((await runTiny(scenario, method, { from: { ...from, carried } })).digest).to.not.equal(whole.digest);
    const swapped = { ...meetings!, readyMs: [...meetings!.readyMs].reverse() };
    const other = { ...from, carried: { ...from.carried, meetings: swapped } };
    expect((await runTiny(scenario, method, { from: other })).digest).to.not.equal(whole.digest);
  });

  it('a meeting averages two models, applies the older gradient to one of them, and touches no other', async () => {
    const step = 0.05;
    const { snapshots, entries } = await runTiny(await problem({ checkpoints: { everyRounds: 1 } }), method);
    for (const [i, after] of snapshots.entries()) {
      if (i === 0) continue;
      const [was, is] = [peers(snapshots[i - 1]!.records), peers(after.records)];
      const [a, b] = entries[i]!.cohort as [number, number];
      expect(entries[i]!.cohort, 'neighbours on the ring').to.satisfy(() => b - a === 1 || b - a === CLIENTS - 1);
      const ready = after.carried.meetings!.began[a] === i ? a : b;
      const partner = ready === a ? b : a;
      const mean = was[a]!.x.map((value, j) => (value + was[b]!.x[j]!) / 2);
      expect(is[partner]!.x, 'the partner').to.deep.equal(mean);
      expect(is[partner]!.gradient).to.deep.equal(was[partner]!.gradient);
      const stepped = mean.map((value, j) => value - step * was[ready]!.gradient![j]!);
      for (const [j, value] of is[ready]!.x.entries()) expect(value).to.be.closeTo(stepped[j]!, 1e-12);
      for (let client = 0; client < CLIENTS; client++)
        if (client !== a && client !== b) expect(is[client], `client ${client}`).to.deep.equal(was[client]);
    }
  });

  it('the matrix of a meeting is symmetric and doubly stochastic, and a client that meets no other keeps its model', () => {
    const host = { linksOf: () => expect.fail('expected the links of the pair') };
    const plan = { index: 4, cohort: [1, 3], ready: [3] };
    for (const self of [1, 3]) {
      const links = linksIn(host, self, plan);
      expect([...links.inNeighbors, ...links.outNeighbors]).to.deep.equal([1, 3, 1, 3]);
      for (const peer of [0, 1, 2, 3, 4]) {
        expect(links.weightFrom(peer)).to.equal(plan.cohort.includes(peer) ? 0.5 : 0);
        expect(links.weightTo(peer)).to.equal(links.weightFrom(peer));
      }
    }
    for (const [cohort, ready] of [
      [[2], [2]],
      [
        [0, 2],
        [0, 2],
      ],
    ] as const)
      expect(linksIn(host, 2, { index: 0, cohort, ready }).inNeighbors).to.deep.equal([2]);
  });

  it('models agree and reach the minimum, the closer the smaller the step', async () => {
    const error = async (stepSize: number) => {
      const devices = logNormalDevices({ clients: CLIENTS, seed: 3, msPerExample: 5, logStddev: 0.3 });
      const objective = {
        name: 'quadratic',
        dimension: 6,
        smallestEigenvalue: 1,
        largestEigenvalue: 1,
        centreSpread: 1,
      };
      const more = { devices, objective, rounds: 6_000, evaluation: { everyRounds: 6_000 } };
      const { rows } = await runTiny(await problem(more, { stepSize, batchSize: 1000 }), method);
      return rows.at(-1)!.extra.consensusError!;
    };
    const [coarse, fine] = [await error(0.05), await error(0.0125)];
    expect(coarse).to.be.greaterThan(0);
    expect(fine).to.be.lessThan(coarse / 2);
  });

  it('the minimum is that of the clients weighted by their speed: each gradient counts, and the fast make more', async () => {
    const devices = [0, 1].map((client) => ({ clients: [client], msPerExample: 0, msPerRound: [10, 30][client]! }));
    const objective = { name: 'quadratic', dimension: 1, matrices: [[1], [1]], centres: [[0], [1]], examples: 1 };
    const more = {
      clients: 2,
      devices,
      objective: { ...objective, exampleSpread: 0 },
      links: [{ latencyMs: 0 }],
      topology: { name: 'complete' },
      rounds: 4_000,
      checkpoints: { everyRounds: 4_000 },
    };
    const { result, rows } = await runTiny(await problem(more, { stepSize: 0.01 }), method);
    for (const client of [0, 1]) {
      const { x } = decodeRecord(client, result.records.get(client)!).state as Peer;
      expect(x[0]).to.be.closeTo(1 / 4, 0.02);
    }
    // Of four gradients three are the fast client's: 1000 times 30 ms.
    expect(rows.at(-1)!.simulatedMs).to.be.closeTo(30_000, 100);
  });

  it('where everyone is away nothing happens, and the run continues when they are back', async () => {
    const faults = [{ fault: 'crash', clients: 'all', from: 10, until: 13 }];
    const run = await runTiny(await problem({ faults }), method);
    expect(run.result.roundsDone).to.equal(40);
    expect(run.result.withoutUpdate).to.equal(3);
    expect(run.rows[12]!.loss).to.equal(run.rows[9]!.loss);
    expect(run.rows[13]!.loss).to.not.equal(run.rows[9]!.loss);
  });

  it('what meetings cannot carry is refused by name', async () => {
    for (const [more, path] of [
      [{ participation: { deadlineMs: 10 } }, 'participation.deadlineMs'],
      [{ participation: { cohort: 2 } }, 'participation.cohort'],
      [{ workers: { onLoss: 'absent' } }, 'workers.onLoss'],
      [{ clock: 'wall' }, 'clock'],
      [{ topology: { name: 'hierarchy', edges: 2 } }, 'topology.name'],
      [{ codecs: { model: { codec: 'top-k', memory: 'ef21' } } }, 'codecs.model.memory'],
    ] as const) {
      const error = await problem(more).catch((refused: Error) => refused);
      expect(error, path).to.be.instanceOf(Error);
      expect((error as Error).message).to.contain(path);
    }
  });
});

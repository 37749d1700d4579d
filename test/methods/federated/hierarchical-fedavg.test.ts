import { expect } from 'chai';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import hierarchical from '../../../protocol/methods/federated/hierarchical-fedavg.js';
import dgd from '../../../protocol/methods/gossip/dgd.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { openProblem } from '../../../worker/problem.js';
import { scriptedClient } from '../../support/scripted-client.js';

const DATA = {
  name: 'gaussian-clusters',
  classes: 4,
  features: 6,
  examples: 240,
  testExamples: 60,
  partition: { name: 'dirichlet', alpha: 1 },
};
const LOCAL = { localEpochs: 1, batchSize: 1_000, clientLearningRate: 0.2 };

const scenario = (method: typeof fedavg | typeof hierarchical, more: Partial<ScenarioInput>) =>
  resolveTiny(
    method as never,
    {
      objective: 'softmax-regression',
      data: DATA,
      rounds: 5,
      precision: 'float64',
      evaluation: { everyRounds: 1 },
      ...more,
    } as never,
  );
const tiered = (edgeRounds: number, more: Partial<ScenarioInput> = {}) =>
  scenario(hierarchical, {
    clients: 9,
    method: { name: 'hierarchical-fedavg', edgeRounds, ...LOCAL },
    topology: { name: 'hierarchy', edges: 3 },
    ...more,
  });

describe('hierarchical FedAvg', () => {
  it('with one round of the edge servers, and whole shards as batches, is FedAvg of their clients under both assignments', async () => {
    const flat = await runTiny(await scenario(fedavg, { clients: 6, method: { name: 'fedavg', ...LOCAL } }), fedavg);
    for (const assignment of ['blocks', 'round-robin']) {
      const topology = { name: 'hierarchy', edges: 3, assignment };
      const { losses } = await runTiny(await tiered(1, { topology }), hierarchical as never);
      for (const [round, loss] of losses.entries()) expect(loss).to.be.closeTo(flat.losses[round]!, 1e-12);
    }
  });

  it('a client descends from the model of its edge server without a pull to it, with one example too, and without any leaves the step empty', async () => {
    // Slope y - 3: two steps of rate 1/2 leave a quarter of the distance.
    const gradient = async (y: ReadonlyVector) => Float64Array.from(y, (entry) => entry - 3) as Vector;
    const round = async (exampleCount: number) => {
      const empty: unknown[] = [];
      const around = {
        start: Float64Array.of(0),
        edgeServers: [7],
        objective: { exampleCount, gradient },
        links: { inNeighbors: [7], outNeighbors: [7] },
        postEach: (kind: string, posts: unknown) => empty.push([kind, posts]),
      };
      const settings = { edgeRounds: 3, localEpochs: 2, clientLearningRate: 0.5 };
      const model = { params: Float64Array.of(-1) };
      const [step] = await scriptedClient(hierarchical as never, settings, around, [{ 'edge-model': model }]);
      return { posts: step!.posts, empty };
    };
    for (const examples of [1, 5]) {
      const { posts, empty } = await round(examples);
      expect(posts.map(({ kind, to }) => [kind, to])).to.deep.equal(new Array(3).fill(['edge-update', [7]]));
      for (const { payload } of posts) {
        expect((payload.delta as Float64Array)[0]).to.be.closeTo(4 * (3 / 4), 1e-12);
        expect(payload.examples).to.equal(examples);
      }
      expect(empty).to.deep.equal([]);
    }
    expect(await round(0)).to.deep.equal({ posts: [], empty: new Array(3).fill(['edge-update', []]) });
  });

  it('an edge server sends what its clients have moved it by in all its rounds, with their examples, one or more; of none nothing', async () => {
    const round = async (updates: readonly (readonly { examples: number; delta: Float64Array }[])[]) => {
      const sent: number[] = [];
      let k = 0;
      const around = {
        ...{ start: Float64Array.of(0), edgeServers: [3] },
        objective: { exampleCount: 0, gradient: async () => Float64Array.of(0) as Vector },
        links: { inNeighbors: [0, 1], outNeighbors: [0, 1] },
        async *stream() {
          yield* updates[k++]!;
        },
      };
      const model = { params: Float64Array.of(10) };
      const settings = { edgeRounds: updates.length };
      const [step] = await scriptedClient(hierarchical as never, settings, around, [{ model }]);
      for (const { kind, to, payload } of step!.posts)
        if (kind === 'edge-model') sent.push((payload.params as Float64Array)[0]!);
        else {
          expect([kind, to]).to.deep.equal(['update', 'coordinator']);
          sent.push(payload.examples as number, (payload.delta as Float64Array)[0]!);
        }
      return sent;
    };
    const update = (examples: number, delta: number) => ({ examples, delta: Float64Array.of(delta) });
    // 10, then 10 + (1 x 4 + 3 x 8) / 4; the last round has one client of one example.
    expect(await round([[update(1, 4), update(3, 8)], [], [update(1, -2)]])).to.deep.equal([10, 17, 17, 4, 5]);
    expect(await round([[update(1, 4)]])).to.deep.equal([10, 1, 4]);
    expect(await round([[], []])).to.deep.equal([10, 10]);
  });

  it('counts each tier: k models and updates a client between peers, one of each an edge server above, however many clients', async () => {
    const bytes = async (edgeRounds: number) =>
      (await runTiny(await tiered(edgeRounds), hierarchical as never)).result.bytes;
    const [one, three] = [await bytes(1), await bytes(3)];
    const rounds = 5;
    const model = 8 * (6 * 4 + 4);
    expect(one.down.raw).to.equal(rounds * 3 * model);
    expect(three.down.raw).to.equal(one.down.raw);
    expect(three.up.raw).to.equal(one.up.raw);
    expect(one.up.raw).to.be.within(rounds * 3 * model, rounds * 3 * (model + 16));
    expect(one.peer.raw).to.be.within(rounds * 6 * 2 * model, rounds * 6 * (2 * model + 16));
    expect(three.peer.raw).to.equal(3 * one.peer.raw);
  });

  it('takes the time of both tiers: k times that of the lower one, once that of the upper one', async () => {
    const links = [
      { direction: 'all', bandwidthMbps: null, latencyMs: 100 },
      { direction: 'peer', bandwidthMbps: null, latencyMs: 1 },
    ];
    const devices = [{ clients: 'all', msPerExample: 0, msPerRound: 0, nsPerParameterCoded: 0 }];
    const run = await runTiny(await tiered(4, { links, devices, rounds: 3 } as never), hierarchical as never);
    expect(run.result.simulatedMs).to.be.closeTo(3 * (200 + 4 * 2), 1e-9);
  });

  it('edge servers hold no data; where one is away, the others continue without its clients', async () => {
    const open = await openProblem(await tiered(2));
    expect(open.exampleCounts().slice(6)).to.deep.equal([0, 0, 0]);
    expect(open.exampleCounts().reduce((sum, n) => sum + n, 0)).to.equal(240);
    const away = await runTiny(
      await tiered(2, { faults: [{ fault: 'crash', clients: [7], memory: 'kept', from: 1, downRounds: 2 }] }),
      hierarchical as never,
    );
    expect(away.rows[1]!.bytesPeer).to.be.lessThan(0.75 * away.rows[0]!.bytesPeer);
    expect(away.rows[4]!.bytesPeer).to.equal(away.rows[0]!.bytesPeer);
  });

  it('is refused without edge servers, with more of them than clients, and without data', async () => {
    const refusal = async (more: Partial<ScenarioInput>) =>
      Promise.resolve(tiered(2, more))
        .then((resolved) => runTiny(resolved, hierarchical as never))
        .then(
          () => 'ran',
          (error: Error) => error.message,
        );
    expect(await refusal({ topology: 'ring' })).to.include('topology: expected one with edge servers');
    expect(await refusal({ topology: { name: 'hierarchy', edges: 5 } })).to.include(
      'topology.edges: expected at most half',
    );
    // Peers below different edge servers would never learn of each other.
    const peers = scenario(dgd as never, { method: 'dgd', clients: 9, topology: { name: 'hierarchy', edges: 3 } });
    expect(await Promise.resolve(peers).catch(({ message }: Error) => message)).to.include(
      "topology.name: expected no edge servers with 'dgd': it has no coordinator above edge servers",
    );
    expect(await refusal({ objective: 'quadratic', data: 'none' } as never)).to.include('data: expected a data set');
  });
});

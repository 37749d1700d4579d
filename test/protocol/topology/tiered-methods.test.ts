import { expect } from 'chai';
import type { AnyMethod } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { decodeRecord } from '../../../protocol/party/record.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { withTiers } from '../../../protocol/selection/parts/run-method.js';
import { hasOwnTiers, whyNotTiered } from '../../../protocol/topology/parts/tier-kinds.js';
import { placements } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun, type TinyRunOptions } from '../../../scenarios/check/parts/tiny-run.js';
import { methodNames } from '../../../scenarios/run/catalogue.js';

const CLIENTS = 6;
const DATA = { name: 'gaussian-clusters', classes: 4, features: 6, examples: 240, testExamples: 60 };

/** Shards of unequal sizes; local work in batches, so that clients draw. */
const settings = (method: string, hyperparameters: object, more: object) => ({
  method: { name: method, batchSize: 10, clientLearningRate: 0.1, ...hyperparameters },
  objective: { name: 'softmax-regression' },
  data: { ...DATA, partition: { name: 'dirichlet', alpha: 1 } },
  clients: CLIENTS,
  rounds: 6,
  evaluation: { everyRounds: 1 },
  ...more,
});

async function run(name: string, hyperparameters: object, more: object = {}, options: TinyRunOptions = {}) {
  const method = await loadMethod(name);
  const scenario: Scenario = await resolveTiny(method, settings(name, hyperparameters, more) as never);
  return runTiny(scenario, await withTiers(method, scenario), options);
}

const below = (edges: number, assignment = 'blocks') => ({
  clients: CLIENTS + edges,
  topology: { name: 'hierarchy', edges, assignment },
});

const METHODS: readonly (readonly [name: string, hyperparameters: object])[] = [
  ['fedavg', {}],
  ['fedavg', { weighting: 'clients', proximal: 0.1, serverOptimizer: { name: 'momentum', learningRate: 0.7 } }],
  ['fednova', { localEpochs: 1, mostLocalEpochs: 3 }],
  ['mime', { localSteps: 3 }],
  ['ditto', {}],
];

/** Of the coordinator: the model, and what its optimizer keeps. */
const stateOf = ({ result }: TinyRun) =>
  decodeRecord('coordinator', result.records.get('coordinator')!).state as object;

describe('methods whose clients have edge servers', () => {
  for (const [name, hyperparameters] of METHODS) {
    const words = `${name} ${JSON.stringify(hyperparameters)}`;
    it(`${words}: one edge server with all clients gives the flat method's model, in float32 to the bit`, async () => {
      const float32 = { precision: 'float32' };
      const flat = await run(name, hyperparameters, float32);
      const one = await run(name, hyperparameters, { ...below(1), ...float32 });
      if (name !== 'fednova') expect(stateOf(one)).to.deep.equal(stateOf(flat));
      // Steps are numbers with a fraction once they are a mean.
      else for (const [round, loss] of flat.losses.entries()) expect(one.losses[round]).to.be.closeTo(loss!, 1e-6);
    });

    it(`${words}: below three edge servers it is the flat method to 1e-12, under both assignments`, async () => {
      const float64 = { precision: 'float64' };
      const flat = await run(name, hyperparameters, float64);
      for (const assignment of ['blocks', 'round-robin']) {
        const { losses } = await run(name, hyperparameters, { ...below(3, assignment), ...float64 });
        for (const [round, loss] of losses.entries()) expect(loss).to.be.closeTo(flat.losses[round]!, 1e-12);
      }
    });
  }

  it('personal layers: one edge server with all clients gives the shared layers of the flat method to the bit', async () => {
    const network = { objective: { name: 'small-network', hidden: [3] }, precision: 'float32' };
    for (const name of ['fedper', 'fedrep'])
      expect(stateOf(await run(name, {}, { ...below(1), ...network })), name).to.deep.equal(
        stateOf(await run(name, {}, network)),
      );
  });

  for (const [name, hyperparameters] of [METHODS[0]!, METHODS[3]!])
    it(`${name}: equal bits, bytes, times and absences in all placements and resumed, with losses, absences and codecs of each tier`, async function () {
      this.timeout(120_000);
      const more = {
        ...below(2),
        rounds: 9,
        checkpoints: { everyRounds: 4 },
        codecs: {
          'edge-update': { codec: 'qsgd', memory: null },
          update: { codec: 'top-k', memory: 'error-feedback' },
          ...(name === 'fedavg' && { 'edge-model': 'fp16' }),
        },
        links: [
          { latencyMs: 40, bandwidthMbps: 1 },
          { direction: 'peer', latencyMs: 2, jitterMs: 3 },
        ],
        faults: [
          { fault: 'drop', probability: 0.1 },
          { fault: 'crash', clients: [1], from: 2, until: 4 },
          { fault: 'crash', clients: [7], from: 5, until: 6 },
        ],
      };
      const seen = ({ digest, result, absences }: TinyRun) => ({
        digest,
        bytes: result.bytes,
        ms: result.simulatedMs,
        absences,
      });
      const whole = await run(name, hyperparameters, more);
      expect(whole.absences.map(({ kind }) => kind)).to.include.members(['edge-update', 'edge-model', 'update']);
      for (const placement of placements)
        expect(seen(await run(name, hyperparameters, more, { placement })), placement.name).to.deep.equal(seen(whole));
      expect(whole.snapshots).to.have.length(2);
      for (const from of whole.snapshots) {
        const { digest, result } = await run(name, hyperparameters, more, { from });
        expect([digest, result.simulatedMs, result.bytes]).to.deep.equal([
          whole.digest,
          whole.result.simulatedMs,
          whole.result.bytes,
        ]);
      }
    });

  it('bytes of each tier are counted: a model and an update a client below, one of each an edge server above, each by its codec', async () => {
    const bytesOf = async (more: object) =>
      (await run('fedavg', {}, { ...below(3), precision: 'float64', ...more })).result.bytes;
    const { up, down, peer } = await bytesOf({});
    const [rounds, edges, model] = [6, 3, 8 * (6 * 4 + 4)];
    expect(down.raw).to.equal(rounds * edges * model);
    expect(up.raw).to.be.within(rounds * edges * model, rounds * edges * (model + 16));
    expect(peer.raw).to.be.within(rounds * CLIENTS * 2 * model, rounds * CLIENTS * (2 * model + 16));
    const coded = await bytesOf({ codecs: { 'edge-update': 'fp16' } });
    expect(coded.up).to.deep.equal(up);
    expect(peer.payload - coded.peer.payload).to.equal(rounds * CLIENTS * (model - model / 4));
  });

  it('an edge server that is away takes its clients along, and only for that long', async () => {
    const faults = [{ fault: 'crash', clients: [CLIENTS + 1], from: 1, until: 3 }];
    const { rows } = await run('fedavg', {}, { ...below(2), faults });
    const peer = rows.map(({ bytesPeer }) => bytesPeer);
    expect(peer[1])
      .to.be.below(0.75 * peer[0]!)
      .and.to.equal(peer[2]);
    expect(peer[3]).to.equal(peer[0]);
  });

  it('every built-in method takes edge servers, or refuses them by name with the reason', async () => {
    const taken: string[] = [];
    for (const name of methodNames()) {
      const method: AnyMethod = await loadMethod(name);
      const why = hasOwnTiers(method) ? null : whyNotTiered(method);
      if (why === null) taken.push(name);
      const scenario = { ...settings(name, {}, below(2)), method: { name } };
      const outcome = await resolveTiny(method, scenario as never).then(
        () => 'accepted',
        ({ message }: Error) => message,
      );
      if (why !== null)
        expect(outcome, name).to.include(`topology.name: expected no edge servers with '${name}': ${why}`);
      else expect(outcome, name).to.not.include('topology');
    }
    expect(taken).to.deep.equal(['ditto', 'fedavg', 'fednova', 'fedper', 'fedrep', 'hierarchical-fedavg', 'mime']);
  });

  it('a cohort of a part of the clients, or one that a rule selects, is refused', async () => {
    for (const [participation, text] of [
      [{ cohort: 4 }, /participation\.cohort: expected 'all'/],
      [{ sampling: 'poisson' }, /participation\.sampling: expected 'fixed' in a hierarchy/],
      [{ sampling: { name: 'by-size' } }, /participation\.sampling: expected 'fixed' in a hierarchy/],
    ] as const) {
      const refused = await run('fedavg', {}, { ...below(2), participation }).then(
        () => 'accepted',
        ({ message }: Error) => message,
      );
      expect(refused, JSON.stringify(participation)).to.match(text);
    }
  });
});

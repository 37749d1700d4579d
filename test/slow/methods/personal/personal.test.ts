import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ReadonlyVector } from '../../../../protocol/method.js';
import ditto from '../../../../protocol/methods/personal/ditto.js';
import { PersonalLayers } from '../../../../protocol/methods/personal/parts/personal-layers.js';
import pfedme from '../../../../protocol/methods/personal/pfedme.js';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { whatIsRead } from '../../../../scenarios/run/what-is-read.js';
import { runQuadratic } from '../../../support/quadratic-runs.js';
import { resolved, runInput } from '../../../support/scripted-run.js';
import { socketRun } from '../../../support/socket-run.js';

const SEGMENTS = [
  { name: 'dense1/weights', module: 'dense1', offset: 0, shape: [2, 2] },
  { name: 'dense1/bias', module: 'dense1', offset: 4, shape: [2] },
  { name: 'head/weights', module: 'head', offset: 6, shape: [2] },
];
const layersOf = (personal: readonly string[] | null) =>
  new PersonalLayers({
    hyperparameters: { personal },
    segments: SEGMENTS,
    parameterCount: 8,
    clientCount: 1,
  });

describe('personal layers', () => {
  it('are the last module, or what patterns of modules or tensors name', () => {
    expect([...layersOf(null).personalPositions]).to.deep.equal([6, 7]);
    expect([...layersOf(['*/bias']).personalPositions]).to.deep.equal([4, 5]);
    expect([...layersOf(['head', 'dense1/w*']).sharedPositions]).to.deep.equal([4, 5]);
  });

  it('and the shared ones make the model again', () => {
    const layers = layersOf(['dense1/bias']);
    const params = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(layers.join(layers.sharedOf(params), layers.personalOf(params))).to.deep.equal(params);
  });

  it('that are none, or all, are refused with the names that there are', () => {
    expect(() => layersOf(['tail'])).to.throw(/method.personal: .*dense1\/weights.*got none: tail/);
    expect(() => layersOf(['*'])).to.throw(/got all/);
  });
});

type Personal = { readonly personal: ReadonlyVector };
type Common = { readonly params: ReadonlyVector };

/** Largest distance of any client's model in any coordinate to (a c + lambda w) / (a + lambda). */
function distanceToEnvelope(
  run: Awaited<ReturnType<typeof runQuadratic>>,
  rounds: number,
  lambda: number,
  w: number[],
) {
  let largest = 0;
  for (let i = 0; i < run.clients; i++) {
    const { personal } = run.stateAfter<Personal>(rounds, i)!;
    for (let j = 0; j < run.dimension; j++) {
      const [a, c] = [run.curvature(i, j), run.centre(i, j)];
      largest = Math.max(largest, Math.abs(personal[j]! - (a * c + lambda * w[j]!) / (a + lambda)));
    }
  }
  return largest;
}

describe('Ditto', () => {
  it('ends with the common model at the optimum and each client’s at (a c + lambda w) / (a + lambda)', async () => {
    const [rounds, lambda] = [400, 0.7];
    const run = await runQuadratic(ditto, { lambda, batchSize: 1 }, { rounds });
    expect(distanceToEnvelope(run, rounds, lambda, [...run.optimum])).to.be.below(1e-9);
  });

  it('with lambda = 0 leaves each client at its own minimum', async () => {
    const run = await runQuadratic(ditto, { lambda: 0, batchSize: 1 }, { rounds: 400 });
    expect(distanceToEnvelope(run, 400, 0, new Array(run.dimension).fill(0))).to.be.below(1e-8);
  });
});

describe('pFedMe', () => {
  it('ends where the mean of the Moreau envelopes is least, and each client’s model is its proximal point', async () => {
    const [rounds, lambda] = [1500, 2];
    const settings = { lambda, localSteps: 1, personalLearningRate: 0.2, clientLearningRate: 0.1, batchSize: 1 };
    const run = await runQuadratic(pfedme, settings, { rounds });
    // sum m_i (w - c_i) = 0 with m_i = lambda a_i / (lambda + a_i)
    const w = Array.from({ length: run.dimension }, (_, j) => {
      let [sum, total] = [0, 0];
      for (let i = 0; i < run.clients; i++) {
        const m = (lambda * run.curvature(i, j)) / (lambda + run.curvature(i, j));
        sum += m * run.centre(i, j);
        total += m;
      }
      return sum / total;
    });
    const { params } = run.stateAfter<Common>(rounds, 'coordinator')!;
    for (const [j, value] of w.entries()) expect(params[j]).to.be.closeTo(value, 1e-9);
    expect(distanceToEnvelope(run, rounds, lambda, w)).to.be.below(1e-9);
  });
});

const LOCAL = { localEpochs: 2, batchSize: 8, clientLearningRate: 0.2 };
const input: ScenarioInput = {
  name: 'personal',
  method: { name: 'fedper', ...LOCAL },
  objective: { name: 'small-network', hidden: [4] },
  data: {
    name: 'gaussian-clusters',
    classes: 6,
    features: 5,
    examples: 240,
    testExamples: 30,
    partition: { name: 'label-count', labelsPerClient: 2 },
  },
  clients: 6,
  rounds: 8,
  evaluation: { everyRounds: 8, perClient: { heldOut: 0.25 } },
};
const byClient = (path: string) => readFileSync(join(path, 'metrics-by-client.csv'), 'utf8');
const lastOf = async (method: ScenarioInput['method']) => (await runInput({ ...input, method })).record.rows.at(-1)!;

describe('methods with personal models', function () {
  this.timeout(60_000);

  for (const name of ['fedper', 'fedrep', 'ditto', 'pfedme'] as const)
    it(`${name}: the lines of clients are the same in one process and over sockets, also of those that never came`, async () => {
      const some = { ...input, method: { name }, participation: { cohort: 2 }, rounds: 2 } as ScenarioInput;
      const alone = await runInput({ ...some, evaluation: { everyRounds: 1, perClient: {} } });
      const lines = byClient(alone.path);
      for (let client = 0; client < 6; client++) expect(lines).to.match(new RegExp(`^1,${client},loss,`, 'm'));
      const remote = await socketRun({ ...some, evaluation: { everyRounds: 1, perClient: {} } }, 2);
      expect(byClient(remote.path)).to.equal(lines);
      expect(remote.record.rows.map(({ extra }) => extra.evaluationBytes)).to.deep.equal(
        alone.record.rows.map(({ extra }) => extra.evaluationBytes),
      );
    });

  it('clients that a rule selected have their personal models too', async () => {
    const selected = { ...input, participation: { cohort: 3, sampling: 'by-size' } } as ScenarioInput;
    const { extra } = (await runInput(selected)).record.rows.at(-1)!;
    expect(extra.clientLossMean).to.be.below(Math.log(6));
    expect(extra.evaluationBytes).to.be.above(0);
  });

  it('FedPer without layers to share is refused before there is a run', async () => {
    const all = await resolved({ ...input, method: { name: 'fedper', personal: ['*'] } });
    const message = await whatIsRead(all).catch((error: Error) => error.message);
    expect(message).to.match(/^ERR_SCENARIO: method.personal: expected patterns/);
  });

  it('FedPer sends the shared layers alone, and has no common model', async () => {
    const [personal, common] = [await lastOf(input.method), await lastOf({ name: 'fedavg', ...LOCAL })];
    // 5 x 4 + 4 numbers are shared, 4 x 6 + 6 are personal: float32, from six clients.
    expect(common.bytesUp - personal.bytesUp).to.be.within(6 * 4 * 30, 6 * 4 * 30 + 60);
    expect(personal.loss).to.equal(null);
    expect(personal.extra.evaluationBytes).to.equal(6 * 4 * 30);
  });

  it('FedRep with five passes of the head is better for its clients than with one', async () => {
    const [none, five] = await Promise.all(
      [1, 5].map((personalEpochs) => lastOf({ name: 'fedrep', personalEpochs, ...LOCAL })),
    );
    expect(five!.extra.clientLossMean).to.be.below(none!.extra.clientLossMean!);
  });

  it('with two classes a client a model of its own serves it better than FedAvg’s', async () => {
    const common = (await lastOf({ name: 'fedavg', ...LOCAL })).extra.clientLossMean!;
    for (const name of ['fedper', 'fedrep', 'ditto'] as const)
      expect((await lastOf({ name, ...LOCAL })).extra.clientLossMean, name).to.be.below(0.8 * common);
  });
});

import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import type { JoiningObjective } from '../../../../worker/objectives/joining.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import {
  type GradientRequest,
  JoinedGradients,
} from '../../../../worker/objectives/tensorflow/parts/joined-gradients.js';

const CLIENTS = 7;
const rng = rootStream(1, 'float32');
const flat = syntheticDataset({ featureShape: [13], classCount: 7, trainCount: 84 });
const regression = syntheticDataset({ featureShape: [8], classCount: 0, trainCount: 84 });
const colours = syntheticDataset({ featureShape: [14, 14, 2], classCount: 3, trainCount: 84 });
const models = [
  { objective: { name: 'mlp', hidden: [70, 33] }, dataset: flat },
  { objective: { name: 'mlp', hidden: [9], activation: 'softplus' }, dataset: regression },
  { objective: { name: 'lenet', filters: [2, 3], dense: [5], activation: 'tanh' }, dataset: colours },
  { objective: { name: 'lenet', filters: [5], kernelSize: 3, dense: [6] }, dataset: colours },
];

const familyOn = (device: string, { objective, dataset }: (typeof models)[number]) =>
  createObjectiveFamily({ objective, dataset, clientCount: CLIENTS, precision: 'float32', rng, device });

const wordsOf = (gradient: unknown) => [...new Uint32Array((gradient as Float32Array).buffer)];

describe('worker/objectives/tensorflow/joined-gradients', () => {
  for (const device of ['wasm', 'simd', 'simd-relaxed'])
    for (const model of models)
      it(`${device}, ${JSON.stringify(model.objective)}: ${CLIENTS} clients in one pass have the bits of each alone, batches of 1, 3 and 12`, async () => {
        const family = await familyOn(device, model);
        const params = family.initialParams(rng.derive('start'));
        const clients = Array.from({ length: CLIENTS }, (_, client) =>
          family.shard(
            Uint32Array.from({ length: 12 }, (_, i) => i * CLIENTS + client),
            client,
          ),
        );
        const before = family.tensorCount();
        for (const size of [1, 3, 12]) {
          const batch = Uint32Array.from({ length: size }, (_, i) => 11 - i);
          const joined = await Promise.all(
            clients.map((client) => (client as JoiningObjective).joinedGradient!(params, batch)),
          );
          for (const [client, objective] of clients.entries())
            expect(wordsOf(joined[client])).to.deep.equal(wordsOf(await objective.gradient(params, batch)));
        }
        expect(family.tensorCount()).to.equal(before);
      });

  it('a device whose sums are not known to be alike computes for one client at a time', async () => {
    const family = await familyOn('cpu', models[0]!);
    expect((family.shard(Uint32Array.of(0, 1)) as JoiningObjective).joinedGradient).to.equal(undefined);
  });

  describe('one pass', () => {
    /** Sizes of the passes; a gradient is the number of requests in its pass. */
    const passes: number[] = [];
    const joined = new JoinedGradients((requests: readonly GradientRequest[]) => {
      passes.push(requests.length);
      for (const { into, examples } of requests) {
        if (examples[0] === 99) throw new Error('of this pass');
        into[0] = requests.length;
      }
    });
    const [one, other] = [new Float32Array(1), new Float32Array(1)];
    const ask = (params: Float32Array, length: number, first = 0) =>
      joined.gradient({ params, examples: new Uint32Array(length).fill(first), into: new Float32Array(1) });
    beforeEach(() => passes.splice(0));

    it('has the requests at the same vector with batches of one length', async () => {
      const answers = await Promise.all([ask(one, 4), ask(other, 4), ask(one, 4), ask(one, 5), ask(one, 4)]);
      expect(passes).to.deep.equal([3, 1, 1]);
      expect(answers.map(([count]) => count)).to.deep.equal([3, 1, 3, 1, 3]);
    });

    it('has those of clients that ask a few turns later, and not those that ask after it began', async () => {
      const first = ask(one, 4);
      for (let turn = 0; turn < 5; turn++) await null;
      const second = ask(one, 4);
      await first;
      await Promise.all([second, ask(one, 4)]);
      expect(passes).to.deep.equal([2, 1]);
    });

    it('has 512 examples at most, and at least one request', async () => {
      await Promise.all([...Array.from({ length: 5 }, () => ask(one, 200)), ask(other, 600)]);
      expect(passes).to.deep.equal([2, 2, 1, 1]);
    });

    it('that fails fails for its own requests', async () => {
      const failed = [ask(one, 4), ask(one, 4, 99)].map((answer) => answer.catch((error: Error) => error.message));
      const [right] = await ask(other, 4);
      expect([...(await Promise.all(failed)), right]).to.deep.equal(['of this pass', 'of this pass', 1]);
    });
  });
});

import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../../protocol/numerics/vector.js';
import { indices, syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import { type ContractCase, familyOf, itKeepsTheContract, pointOf } from '../objective-contract.js';
import { referenceLoss } from '../reference-convolution.js';

const flat = syntheticDataset({ featureShape: [13], classCount: 7 });
const regression = syntheticDataset({ featureShape: [8], classCount: 0 });
const images = syntheticDataset({ featureShape: [8, 8, 1], classCount: 3, trainCount: 16 });
const colours = syntheticDataset({ featureShape: [14, 14, 2], classCount: 3, trainCount: 16, testCount: 4 });

const common = {
  precision: 'float32',
  device: 'wasm',
  gradientTolerance: 5e-3,
  sumTolerance: 2e-6,
  step: 5e-3,
} as const;
const subjects: readonly ContractCase[] = [
  { title: 'mlp, tanh', objective: { name: 'mlp', hidden: [6, 5], activation: 'tanh' }, dataset: flat, ...common },
  { title: 'mlp, relu', objective: { name: 'mlp', hidden: [9] }, dataset: flat, ...common },
  {
    title: 'mlp, softplus',
    objective: { name: 'mlp', hidden: [9], activation: 'softplus' },
    dataset: regression,
    ...common,
  },
  { title: 'mlp, sigmoid', objective: { name: 'mlp', hidden: [9], activation: 'sigmoid' }, dataset: flat, ...common },
  {
    title: 'lenet, 8x8',
    objective: { name: 'lenet', filters: [2, 3], kernelSize: 3, dense: [5], activation: 'tanh' },
    dataset: images,
    ...common,
    // Maxima have kinks; the reference below is the sharp test.
    gradientTolerance: 0.1,
  },
  {
    title: 'lenet, 14x14, two channels, kernel 5',
    objective: { name: 'lenet', filters: [2, 3], dense: [5], activation: 'tanh' },
    dataset: colours,
    ...common,
    gradientTolerance: 0.1,
  },
];

describe('worker/objectives/neural-network on wasm', () => {
  for (const subject of subjects) itKeepsTheContract(subject);

  it('mlp has the gradient, clipped sum and evaluation of the plain-loop network (float64, 1e-5)', async () => {
    const request = { dataset: flat, clientCount: 1, rng: rootStream(1, 'float32') } as const;
    const settings = { hidden: [6, 5], activation: 'tanh' };
    const tensors = await createObjectiveFamily({
      ...request,
      objective: { name: 'mlp', ...settings },
      precision: 'float32',
      device: 'wasm',
    });
    const plain = await createObjectiveFamily({
      ...request,
      objective: { name: 'small-network', ...settings },
      precision: 'float64',
    });
    const params = pointOf(tensors, 'float32', 'params');
    const [rows, batch] = [indices(24), Uint32Array.of(3, 9, 20)];
    const near = (a: Float32Array, b: Float64Array) =>
      expect(norm(subtract(Float64Array.from(a), b)) / norm(b)).to.be.below(1e-5);
    const [one, other] = [tensors.shard(rows), plain.shard(rows)];
    near((await one.gradient(params, batch)) as Float32Array, (await other.gradient(params, batch)) as Float64Array);
    near(
      (await one.clippedGradientSum(params, batch, 0.5)) as Float32Array,
      (await other.clippedGradientSum(params, batch, 0.5)) as Float64Array,
    );
    const [mine, theirs] = [await tensors.evaluate([params]), await plain.evaluate([params])];
    expect(mine.loss).to.be.closeTo(theirs.loss, 1e-5);
    expect(mine.accuracy).to.equal(theirs.accuracy);
  });

  for (const [subject, inputShape] of [
    [subjects[4]!, [8, 8, 1]],
    [subjects[5]!, [14, 14, 2]],
  ] as const)
    it(`${subject.title}: every entry of the gradient is the central difference of a float64 loop (relative 1e-5)`, async () => {
      const family = await familyOf(subject);
      const params = pointOf(family, 'float32', 'params');
      const rows = [3, 8, 5];
      const gradient = await family.shard(indices(16)).gradient(params, Uint32Array.from(rows));
      const point = Float64Array.from(params);
      const lossAt = () => referenceLoss(point, family.segments, subject.dataset!.train, rows, inputShape);
      const expected = point.map((value, j) => {
        point[j] = value + 1e-5;
        const ahead = lossAt();
        point[j] = value - 1e-5;
        const behind = lossAt();
        point[j] = value;
        return (ahead - behind) / 2e-5;
      });
      expect(norm(subtract(Float64Array.from(gradient), expected)) / norm(expected)).to.be.below(1e-5);
    });

  for (const subject of [subjects[0]!, subjects[4]!])
    it(`${subject.title}: the number of tensors is the same after 50 calls of everything`, async () => {
      const family = await createObjectiveFamily({
        objective: subject.objective,
        dataset: subject.dataset,
        clientCount: 1,
        precision: 'float32',
        rng: rootStream(1, 'float32'),
        device: 'wasm',
      });
      const objective = family.shard(indices(8));
      const [params, previous] = [pointOf(family, 'float32', 'a'), pointOf(family, 'float32', 'b')];
      const batch = Uint32Array.of(1, 5);
      const before = family.tensorCount();
      for (let call = 0; call < 50; call++) {
        await objective.loss(params, batch);
        await objective.gradient(params, batch);
        await objective.clippedGradientSum(params, batch, 1);
        await objective.clippedDifferenceSum(params, previous, batch, 1);
        for await (const _ of objective.exampleGradients(params, batch)) break;
        if (call % 10 === 0) await family.evaluate([params]);
      }
      expect(family.tensorCount()).to.equal(before);
    });

  it('float64 is refused, with what to use instead', async () => {
    let text = '';
    try {
      await createObjectiveFamily({
        objective: { name: 'mlp' },
        dataset: flat,
        clientCount: 1,
        precision: 'float64',
        rng: rootStream(1, 'float64'),
      });
    } catch (error) {
      text = String(error);
    }
    expect(text).to.match(/ERR_OBJECTIVE.*'mlp'.*float32.*got 'float64'.*small-network/);
  });

  it('lenet refuses examples that are no square images', async () => {
    let text = '';
    try {
      await createObjectiveFamily({
        objective: { name: 'lenet' },
        dataset: flat,
        clientCount: 1,
        precision: 'float32',
        rng: rootStream(1, 'float32'),
      });
    } catch (error) {
      text = String(error);
    }
    expect(text).to.match(/ERR_OBJECTIVE.*square images of side 8 or more.*\[13\]/);
  });
});

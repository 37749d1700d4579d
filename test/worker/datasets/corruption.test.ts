import '../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { corruptShards } from '../../../worker/datasets/corruption.js';
import { loadDataset } from '../../../worker/datasets/load.js';
import { partitionDataset } from '../../../worker/datasets/partition/partition.js';
import { refuses } from './refusal.js';

const rng = rootStream(6, 'float32');
const dataset = loadDataset({ name: 'gaussian-clusters', classes: 4, features: 5, examples: 20_000 }, rng);
const partition = partitionDataset(dataset, 5, { name: 'iid' }, rng);

describe('worker/datasets/corruption (5 clients of 4,000 examples, 4 classes, seed 6)', () => {
  it('client i gets feature noise of standard deviation 3 i / 4 (5 sigma); client 0 and the test data stay as they were', () => {
    const noisy = corruptShards(dataset, partition, { featureNoiseStddev: 3 }, rng);
    partition.shards.forEach((shard, client) => {
      let squares = 0;
      for (const i of shard)
        for (let j = 5 * i; j < 5 * i + 5; j++) squares += (noisy.train.features[j]! - dataset.train.features[j]!) ** 2;
      const variance = (0.75 * client) ** 2;
      expect(squares / 20_000).to.be.closeTo(variance, 5 * variance * Math.sqrt(2 / 20_000));
    });
    expect(noisy.test).to.equal(dataset.test);
    expect(noisy.train.labels).to.equal(dataset.train.labels);
  });

  it('noise of two clients is independent: correlation of 20,000 pairs within 5 sigma of 0', () => {
    const { features } = corruptShards(dataset, partition, { featureNoiseStddev: 3 }, rng).train;
    const noise = (client: number) =>
      Array.from(partition.shards[client]!).flatMap((i) =>
        [0, 1, 2, 3, 4].map((j) => (features[5 * i + j]! - dataset.train.features[5 * i + j]!) / (0.75 * client)),
      );
    const [a, b] = [noise(2), noise(3)];
    expect(a.reduce((sum, x, i) => sum + x * b[i]!, 0) / 20_000).to.be.closeTo(0, 5 / Math.sqrt(20_000));
  });

  it('label noise 0.3 changes 30 % of labels, to each other class equally often, never to the same (5 sigma)', () => {
    const { labels } = corruptShards(dataset, partition, { labelNoiseRate: 0.3 }, rng).train;
    const shifts = [0, 0, 0, 0];
    labels.forEach((label, i) => {
      shifts[(label - dataset.train.labels[i]! + 4) % 4]!++;
    });
    for (const shift of [1, 2, 3]) expect(shifts[shift]).to.be.closeTo(2000, 5 * Math.sqrt(20_000 * 0.1 * 0.9));
    expect(
      corruptShards(dataset, partition, { labelNoiseRate: 1 }, rng).train.labels.every(
        (l, i) => l !== dataset.train.labels[i],
      ),
    ).to.equal(true);
  });

  it("labelNoise 'uniform' gives clients different rates below the limit", () => {
    const { labels } = corruptShards(dataset, partition, { labelNoiseRate: 0.8, labelNoise: 'uniform' }, rng).train;
    const rates = partition.shards.map(
      (shard) => shard.filter((i) => labels[i] !== dataset.train.labels[i]).length / 4000,
    );
    expect(Math.max(...rates)).to.be.below(0.8);
    expect(Math.max(...rates) - Math.min(...rates)).to.be.above(0.1);
  });

  it('a worker that corrupts its own clients alone finds the same values, and feature noise does not move label noise', () => {
    const both = { featureNoiseStddev: 1, labelNoiseRate: 0.5 };
    const all = corruptShards(dataset, partition, both, rng).train;
    const own = corruptShards(dataset, partition, both, rng, [3]).train;
    for (const i of partition.shards[3]!) {
      expect(own.labels[i]).to.equal(all.labels[i]);
      expect(own.features[5 * i]).to.equal(all.features[5 * i]);
    }
    for (const i of partition.shards[2]!) expect(own.features[5 * i]).to.equal(dataset.train.features[5 * i]);
    expect(corruptShards(dataset, partition, { labelNoiseRate: 0.5 }, rng).train.labels).to.deep.equal(all.labels);
  });

  it('the defaults change nothing and copy nothing; label noise without classes is refused', () => {
    const same = corruptShards(dataset, partition, {}, rng).train;
    expect(same.features).to.equal(dataset.train.features);
    expect(same.labels).to.equal(dataset.train.labels);
    const regression = loadDataset({ name: 'linear-regression', examples: 10 }, rng);
    const halves = partitionDataset(regression, 2, { name: 'iid' }, rng);
    refuses(() => corruptShards(regression, halves, { labelNoiseRate: 0.1 }, rng), 'ERR_SCENARIO', /labelNoiseRate/);
    refuses(
      () => corruptShards(regression, halves, { featureNoise: 1 } as object, rng),
      'ERR_SCENARIO',
      /featureNoise/,
    );
  });
});

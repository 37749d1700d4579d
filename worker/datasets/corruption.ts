import { GradswarmError } from '../../protocol/errors.js';
import type { Rng } from '../../protocol/method.js';
import { standardNormal } from '../../protocol/numerics/distributions.js';
import { number, oneOf, probability } from '../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../protocol/settings/settings.js';
import { type Dataset, featureCountOf, type Partition } from './dataset.js';

const settings = defineSettings({
  featureNoiseStddev: number(
    0,
    "Client i's features get N(0, s_i^2) noise, s_i = featureNoiseStddev * i / (n - 1) (NIID-Bench): client 0 is clean",
    { least: 0, most: 1e6 },
  ),
  labelNoiseRate: probability(0, "Share of a client's training labels replaced by a uniform *other* class"),
  labelNoise: oneOf(
    ['equal', 'uniform'],
    'equal',
    "Every client has labelNoiseRate, or client i's rate is drawn from U(0, labelNoiseRate)",
  ),
});

/**
 * The data set as its clients see it: per-client feature noise and label noise on their training shards. Shards are
 * disjoint, so one copy of the training arrays serves all clients; arrays that do not change are shared. A client's draws
 * come from a stream of its own: they do not depend on `clients` (those to corrupt: a worker needs only its own) and
 * feature noise does not shift label noise. Test data stays clean.
 */
export function corruptShards(
  dataset: Dataset,
  partition: Partition,
  given: Partial<SettingsOf<typeof settings>>,
  rng: Rng,
  clients: readonly number[] = partition.shards.map((_, j) => j),
): Dataset {
  const { featureNoiseStddev, labelNoiseRate, labelNoise } = settings.parse('corruption', given);
  const { train, classCount } = dataset;
  if (labelNoiseRate > 0 && classCount < 2)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `corruption.labelNoiseRate: expected a data set of at least 2 classes, '${dataset.name}' has ${classCount}`,
    );
  const features = featureNoiseStddev > 0 ? train.features.slice() : train.features;
  const labels = labelNoiseRate > 0 ? train.labels.slice() : train.labels;
  const width = featureCountOf(dataset);
  for (const client of clients) {
    const shard = partition.shards[client]!;
    if (featureNoiseStddev > 0) {
      const stddev = (featureNoiseStddev * client) / Math.max(1, partition.shards.length - 1);
      addNoise(features, shard, width, stddev, rng.derive('feature noise', client));
    }
    if (labelNoiseRate > 0) {
      const stream = rng.derive('label noise', client);
      const rate = labelNoise === 'equal' ? labelNoiseRate : labelNoiseRate * stream.uniform();
      replaceLabels(labels, shard, classCount, rate, stream);
    }
  }
  return { ...dataset, train: { ...train, features, labels } };
}

function addNoise(features: Float32Array, shard: Uint32Array, width: number, stddev: number, rng: Rng): void {
  if (stddev === 0) return;
  for (const i of shard)
    for (let at = i * width; at < (i + 1) * width; at++) features[at] = features[at]! + stddev * standardNormal(rng);
}

function replaceLabels(labels: Int32Array, shard: Uint32Array, classCount: number, rate: number, rng: Rng): void {
  for (const i of shard)
    if (rng.uniform() < rate) labels[i] = (labels[i]! + 1 + rng.below(classCount - 1)) % classCount;
}

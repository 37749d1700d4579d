import { rootStream } from '../../../protocol/numerics/random.js';
import type { Dataset, Examples } from '../../../worker/datasets/dataset.js';

export interface SyntheticOptions {
  readonly featureShape: readonly number[];
  /** 0: regression. */
  readonly classCount: number;
  readonly trainCount?: number;
  readonly testCount?: number;
  /** Features are integers below this instead of normals; 0: normals, every third of them 0. */
  readonly vocabulary?: number;
  readonly seed?: number;
}

/** Random features, answers that depend on them. */
export function syntheticDataset(options: SyntheticOptions): Dataset {
  const { featureShape, classCount, trainCount = 24, testCount = 12, vocabulary = 0, seed = 11 } = options;
  const rng = rootStream(seed, 'float64').derive('synthetic');
  const width = featureShape.reduce((product, size) => product * size, 1);
  const draw = (count: number): Examples => {
    const features = new Float32Array(count * width);
    for (let i = 0; i < features.length; i++)
      features[i] = vocabulary > 0 ? rng.below(vocabulary) : i % 3 === 1 ? 0 : rng.normal(1)[0]!;
    const labels = new Int32Array(classCount > 0 ? count : 0);
    const targets = new Float64Array(classCount > 0 ? 0 : count);
    for (let i = 0; i < count; i++) {
      const first = features[i * width]!;
      if (classCount > 0) labels[i] = (((Math.floor(2 * first) + i) % classCount) + classCount) % classCount;
      else targets[i] = 1.5 * first - 0.7 + 0.1 * rng.normal(1)[0]!;
    }
    return { count, features, labels, targets };
  };
  return {
    name: 'synthetic',
    source: 'drawn for a test',
    featureShape,
    classCount,
    train: draw(trainCount),
    test: draw(testCount),
  };
}

/** The same data with the features of one training example made NaN. */
export function withNaN(dataset: Dataset, row: number): Dataset {
  const features = dataset.train.features.slice();
  const width = features.length / dataset.train.count;
  features.fill(Number.NaN, row * width, (row + 1) * width);
  return { ...dataset, train: { ...dataset.train, features } };
}

/** 0, 1, ..., count - 1. */
export function indices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

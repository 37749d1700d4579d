import { rootStream } from '../../protocol/numerics/random.js';
import type { Dataset, Examples } from '../../worker/datasets/dataset.js';
import { featureCountOf } from '../../worker/datasets/dataset.js';
import { loadDataset } from '../../worker/datasets/load.js';
import { partitionDataset } from '../../worker/datasets/partition/partition.js';
import { numberCount, rowOf } from '../../worker/datasets/stored-rows.js';
import { type Claim, claim, ensure, ensureEqual, once } from './claim.js';
import { syntheticDataset } from './parts/synthetic-dataset.js';

type Spec = { readonly name: string; readonly [setting: string]: unknown };

/** The contract of a data set, which is loaded: whole arrays, labels in range, and the same data in every process. */
export function datasetClaims(spec: Spec): readonly Claim[] {
  const load = () => loadDataset(spec, rootStream(3, 'float64').derive('data'));
  const data = once(load);
  return [
    claim('has a name, a source, and as many numbers as its counts say', async () => {
      const dataset = await data();
      ensureEqual(dataset.name, spec.name, 'name of the data');
      ensure(dataset.source.trim() !== '', 'expected a source for the report, got none');
      for (const part of ['train', 'test'] as const) expectWhole(dataset, dataset[part], part);
    }),
    claim('has training examples with finite features, labels below classCount, finite targets', async () => {
      const dataset = await data();
      ensure(dataset.train.count > 0, 'expected training examples, got none');
      const width = featureCountOf(dataset);
      for (const examples of [dataset.train, dataset.test]) {
        const { count, labels, targets } = examples;
        for (let row = 0; row < count; row++)
          ensure(rowOf(examples, row, width).every(Number.isFinite), 'expected finite features');
        ensure(targets.every(Number.isFinite), 'expected finite targets');
        const wrong = labels.find((label) => !(label >= 0 && label < dataset.classCount));
        ensure(wrong === undefined, `expected labels from 0 to ${dataset.classCount - 1}, got ${wrong}`);
      }
      if (dataset.groups) ensureEqual(dataset.groups.length, dataset.train.count, 'groups');
    }),
    claim('is the same whenever it is loaded from the same stream', async () => {
      const [dataset, again] = [await data(), await load()];
      const width = featureCountOf(dataset);
      for (const part of ['train', 'test'] as const) {
        const [one, other] = [dataset[part], again[part]];
        ensureEqual(other.count, one.count, `${part}.count when loaded again`);
        for (let row = 0; row < one.count; row++)
          ensure(
            same(rowOf(one, row, width), rowOf(other, row, width)),
            `expected equal ${part}.features when loaded again`,
          );
        for (const array of ['labels', 'targets'] as const)
          ensure(same(one[array], other[array]), `expected equal ${part}.${array} when loaded again`);
      }
    }),
  ];
}

/** The contract of a partition, which is loaded: every example at one client at most, and the same split in every process. */
export function partitionClaims(spec: Spec): readonly Claim[] {
  const dataset = {
    ...syntheticDataset({ featureShape: [4], classCount: 4, trainCount: 120 }),
    groups: new Int32Array(120),
  };
  for (let i = 0; i < 120; i++) dataset.groups[i] = i % 12;
  const split = () => partitionDataset(dataset, 6, spec, rootStream(3, 'float64').derive('partition'));
  return [
    claim('gives each training example to one client at most, and counts those that it drops', () => {
      const { shards, dropped, definition } = split();
      ensureEqual(shards.length, 6, 'shards');
      const owned = [...shards.all];
      ensureEqual(new Set(owned).size, owned.length, 'different examples');
      ensure(
        owned.every((index) => index < 120),
        'expected indices of training examples',
      );
      ensureEqual(owned.length + dropped, 120, 'examples owned and dropped');
      ensure(definition.trim() !== '', 'expected a definition in words, got none');
    }),
    claim('is the same whenever it is made from the same stream', () =>
      ensureEqual(split().shards, split().shards, 'shards'),
    ),
  ];
}

function expectWhole(dataset: Dataset, examples: Examples, part: string): void {
  const { count, labels, targets } = examples;
  ensureEqual(numberCount(examples), count * featureCountOf(dataset), `numbers in ${part}.features`);
  ensureEqual(labels.length, dataset.classCount > 0 ? count : 0, `labels in ${part}`);
  ensureEqual(targets.length, dataset.classCount > 0 ? 0 : count, `targets in ${part}`);
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

import { KeptValues } from '../../../protocol/party/kept-values.js';
import type { Dataset, Partition } from '../dataset.js';

/** How far a partition is from IID. Means are over the clients that have examples, each client counted once. */
export interface Skew {
  /** Total-variation distance between a client's label law and that of all shards together, in [0, 1]; 0 = IID. */
  readonly meanTotalVariation: number;
  /** 1 / sum_k p_k^2 of a client's label law: how many classes it has, in effect, in [1, K]. */
  readonly meanEffectiveClasses: number;
  /** Gini coefficient of the sizes, in [0, 1): 0 = all equal. */
  readonly sizeGini: number;
  readonly smallestClient: number;
  readonly largestClient: number;
}

/** Rows that are kept for clients with the same counts. */
const SHARED_ROWS = 4096;

/**
 * Counts, clients x classes. Without classes (regression): one column with the sizes. Clients with the same counts may share a row:
 * a million clients with few examples each have few different ones.
 */
export function labelHistogram(dataset: Dataset, partition: Partition): number[][] {
  const { labels } = dataset.train;
  const rows = new KeptValues<string, number[]>(SHARED_ROWS);
  return partition.shards.map((shard) => {
    if (dataset.classCount === 0) return [shard.length];
    const counts = new Array<number>(dataset.classCount).fill(0);
    for (const i of shard) counts[labels[i]!]!++;
    const key = counts.join();
    return rows.get(key) ?? rows.add(key, counts);
  });
}

/** One name a column of `labelHistogram`: the classes' names or numbers, or 'examples' for regression. */
export function histogramColumns(dataset: Dataset): readonly string[] {
  if (dataset.classCount === 0) return ['examples'];
  return dataset.classNames ?? Array.from({ length: dataset.classCount }, (_, k) => String(k));
}

/** Gini coefficient of non-negative numbers: mean absolute difference of pairs over twice the mean. */
function gini(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  let sum = 0;
  let ranked = 0;
  for (let i = 0; i < sorted.length; i++) {
    sum += sorted[i]!;
    ranked += (2 * i + 1 - sorted.length) * sorted[i]!;
  }
  return sum === 0 ? 0 : ranked / (sorted.length * sum);
}

/** Skew of a histogram as `labelHistogram` gives it. */
export function skewOf(histogram: readonly (readonly number[])[]): Skew {
  const sizes = histogram.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const law = (histogram[0] ?? []).map((_, k) => histogram.reduce((sum, row) => sum + row[k]!, 0) / total);
  let variation = 0;
  let effective = 0;
  let clients = 0;
  histogram.forEach((row, j) => {
    const size = sizes[j]!;
    if (size === 0) return;
    let distance = 0;
    let squares = 0;
    for (let k = 0; k < row.length; k++) {
      const share = row[k]! / size;
      distance += Math.abs(share - law[k]!);
      squares += share * share;
    }
    variation += distance / 2;
    effective += 1 / squares;
    clients++;
  });
  return {
    meanTotalVariation: clients === 0 ? 0 : variation / clients,
    meanEffectiveClasses: clients === 0 ? 0 : effective / clients,
    sizeGini: gini(sizes),
    smallestClient: sizes.reduce((a, b) => Math.min(a, b), Infinity),
    largestClient: sizes.reduce((a, b) => Math.max(a, b), 0),
  };
}

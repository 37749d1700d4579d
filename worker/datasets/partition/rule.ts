import { GradswarmError } from '../../../protocol/errors.js';
import type { Rng } from '../../../protocol/method.js';
import { extension } from '../../../protocol/settings/extension.js';
import { describe } from '../../../protocol/settings/problems.js';
import type { Settings } from '../../../protocol/settings/settings.js';
import type { Dataset, Partition } from '../dataset.js';
import type { ShardList } from '../shard-list.js';

/** The default export of every file of this folder that is a partition; the file name is the partition's name. */
export interface PartitionFamily<S extends object = object> {
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  /** Shards in any order within a client; `mayBeEmpty`: clients without examples are part of the definition. */
  split(dataset: Dataset, clientCount: number, settings: S, rng: Rng): RuleResult;
}

/** What a rule returns: who owns what, and what it says of it. */
export interface RuleResult extends Omit<Partition, 'shards'> {
  readonly shards: readonly Uint32Array[] | ShardList;
  readonly mayBeEmpty?: boolean;
}

/** A partition that scenarios can name under `data.partition`. The same value, marked as a partition. */
export function definePartition<S extends object>(family: PartitionFamily<S>): PartitionFamily<S> {
  return extension('partition', family);
}

export function refused(name: string, message: string): GradswarmError {
  return new GradswarmError('ERR_PARTITION', `partition '${name}': ${message}`);
}

/** A shard for each client, of indices of training examples, each in one shard at most. Throws ERR_PARTITION. */
export function requireWhole(name: string, shards: RuleResult['shards'], clientCount: number, examples: number): void {
  if (shards.length !== clientCount)
    throw refused(name, `expected a shard for each of ${clientCount} clients, got ${shards.length}`);
  const owned = new Uint8Array(examples);
  let client = -1;
  for (const shard of shards) {
    client++;
    if (!(shard instanceof Uint32Array))
      throw refused(name, `expected the shard of client ${client} as a Uint32Array, got ${describe(shard)}`);
    for (const index of shard) {
      if (index >= examples)
        throw refused(name, `client ${client}: expected indices of ${examples} training examples, got ${index}`);
      if (owned[index] === 1) throw refused(name, `expected each example at one client at most, got ${index} twice`);
      owned[index] = 1;
    }
  }
}

/** Indices of each class's training examples, in file order. ERR_PARTITION where there are no labels. */
export function examplesByClass(name: string, dataset: Dataset): Uint32Array[] {
  const { classCount, train } = dataset;
  if (classCount === 0)
    throw refused(name, `expected class labels, data set '${dataset.name}' has none; use 'iid' or 'quantity-skew'`);
  const counts = new Uint32Array(classCount);
  for (const label of train.labels) counts[label]!++;
  const classes = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let i = 0; i < train.count; i++) {
    const label = train.labels[i]!;
    classes[label]![counts[label]!++] = i;
  }
  return classes;
}

/** The indices in a drawn order, in a new array. */
export function shuffled(indices: Uint32Array, rng: Rng): Uint32Array {
  return rng.permutation(indices.length).map((i) => indices[i]!);
}

/** Ends of `parts` consecutive pieces of `count` whose sizes differ by at most one. */
export function evenEnds(count: number, parts: number): Uint32Array {
  return Uint32Array.from({ length: parts }, (_, p) => Math.floor(((p + 1) * count) / parts));
}

/** The pieces that end there. */
export function evenPieces(indices: Uint32Array, parts: number): Uint32Array[] {
  return cutAt(indices, evenEnds(indices.length, parts));
}

/** Ends of consecutive pieces: floor(count * cumulated share), the last one `count`. Shares need not sum to 1. */
export function cutPoints(count: number, shares: Float64Array): Uint32Array {
  let total = 0;
  for (const share of shares) total += share;
  const ends = new Uint32Array(shares.length);
  let sum = 0;
  for (let j = 0; j < shares.length; j++) {
    sum += shares[j]!;
    ends[j] = Math.min(count, Math.floor((count * sum) / total));
  }
  ends[shares.length - 1] = count;
  return ends;
}

/** Consecutive pieces that end at `ends`. */
export function cutAt(indices: Uint32Array, ends: Uint32Array): Uint32Array[] {
  return Array.from(ends, (end, j) => indices.subarray(j === 0 ? 0 : ends[j - 1]!, end));
}

/** The pieces, one after the other. */
export function concatenated(pieces: readonly Uint32Array[]): Uint32Array {
  const result = new Uint32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    result.set(piece, offset);
    offset += piece.length;
  }
  return result;
}

/** Training example indices sorted by label, file order within a label. */
export function sortedByLabel(name: string, dataset: Dataset): Uint32Array {
  return concatenated(examplesByClass(name, dataset));
}

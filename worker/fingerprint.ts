import { createHash } from 'node:crypto';
import type { Dataset, Examples, Partition } from './datasets/dataset.js';

/** SHA-256 of what a process read and made before the first round: equal in every process of one run, also when it is continued later. */
export interface Fingerprint {
  /** Every example, training and held out. */
  readonly data: string;
  /** Who has which. */
  readonly partition: string;
  readonly initialParameters: string;
}

export function fingerprintOf(
  dataset: Dataset,
  partition: Partition,
  parameters: readonly ArrayBufferView[],
): Fingerprint {
  return {
    data: hashOf([...arraysOf(dataset.train), ...arraysOf(dataset.test), ...(dataset.groups ? [dataset.groups] : [])]),
    partition: hashOf(partition.shards),
    initialParameters: hashOf(parameters),
  };
}

/** Names of what differs. */
export function differences(expected: Fingerprint, got: Fingerprint): readonly string[] {
  const names = { data: 'the data', partition: 'the partition', initialParameters: 'the initial parameters' } as const;
  return (Object.keys(names) as (keyof Fingerprint)[])
    .filter((key) => expected[key] !== got[key])
    .map((key) => names[key]);
}

function arraysOf({ features, labels, targets, maps }: Examples): readonly ArrayBufferView[] {
  return [features, labels, targets, ...Object.values(maps ?? {})];
}

/** Lengths are part of it, so that no number can move from one array to the next. */
function hashOf(arrays: readonly ArrayBufferView[]): string {
  const hash = createHash('sha256');
  for (const array of arrays) {
    hash.update(`${array.byteLength}\n`);
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import type { Dataset, Examples, Partition, StoredRows } from './datasets/dataset.js';

/** SHA-256 of what a process read and made before the first round: equal in every process of one run, also when it is continued later. */
export interface Fingerprint {
  /** Every example, training and held out. */
  readonly data: string;
  /** Who has which. */
  readonly partition: string;
  readonly initialParameters: string;
}

/** Of data that several runs of a process read, or another process has hashed. */
const dataHashes = new WeakMap<Dataset, string>();

export function fingerprintOf(
  dataset: Dataset,
  partition: Partition,
  parameters: readonly ArrayBufferView[],
): Fingerprint {
  return {
    data: dataHashOf(dataset),
    partition: hashOf(partition.shards),
    initialParameters: hashOf(parameters),
  };
}

function dataHashOf(dataset: Dataset): string {
  const { train, test, groups } = dataset;
  const known = dataHashes.get(dataset);
  if (known !== undefined) return known;
  const hash = hashOf([...partsOf(train), ...partsOf(test), ...(groups ? [groups] : [])]);
  dataHashes.set(dataset, hash);
  return hash;
}

/** The hash of these data is known: a process that has started this one has read the same files just now. */
export function assumeDataHash(dataset: Dataset, hash: string): void {
  dataHashes.set(dataset, hash);
}

/** Names of what differs. */
export function differences(expected: Fingerprint, got: Fingerprint): readonly string[] {
  const names = { data: 'the data', partition: 'the partition', initialParameters: 'the initial parameters' } as const;
  return (Object.keys(names) as (keyof Fingerprint)[])
    .filter((key) => expected[key] !== got[key])
    .map((key) => names[key]);
}

/** Numbers in memory, or rows that are read one after the other: equal numbers give equal bytes. */
type Part = ArrayBufferView | { readonly count: number; readonly rows: StoredRows };

function partsOf(examples: Examples): readonly Part[] {
  const { count, stored, labels, targets, maps } = examples;
  return [stored ? { count, rows: stored } : examples.features, labels, targets, ...Object.values(maps ?? {})];
}

/** Lengths are part of it, so that no number can move from one array to the next. */
function hashOf(parts: Iterable<Part>): string {
  const hash = createHash('sha256');
  const add = (array: ArrayBufferView) => hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  for (const part of parts) {
    if (ArrayBuffer.isView(part)) {
      hash.update(`${part.byteLength}\n`);
      add(part);
      continue;
    }
    const { count, rows } = part;
    hash.update(`${4 * count * rows.width}\n`);
    for (let row = 0; row < count; row++) add(rows.row(row));
  }
  return hash.digest('hex');
}

import type { StoredRows } from '../dataset.js';

/**
 * Held-out rows of a source whose other rows train. The first ones, as many as may be, stay in memory once they were read: evaluation
 * reads all of them from the first to the last, where a cache of those that were used last keeps none. What is read for the training
 * rows beside them is offered here, so that their files are not read again.
 */
export class HeldRows implements StoredRows {
  readonly width: number;
  /** At most so much is kept. */
  readonly bytes: number;
  private readonly kept: Float32Array;
  private readonly isKept: Uint8Array;

  /** `order`: rows of `source`, ascending. */
  constructor(
    private readonly source: StoredRows,
    private readonly order: Uint32Array,
    maxBytes: number,
  ) {
    this.width = source.width;
    const count = Math.min(order.length, Math.floor(maxBytes / Math.max(1, 4 * this.width)));
    this.kept = new Float32Array(count * this.width);
    this.isKept = new Uint8Array(count);
    this.bytes = this.kept.byteLength;
  }

  row(index: number): Float32Array {
    if (!this.isKept[index]) {
      const values = this.source.row(this.order[index]!);
      if (index >= this.isKept.length) return values;
      this.keep(index, values);
    }
    return this.kept.subarray(index * this.width, (index + 1) * this.width);
  }

  /** The rows of the source from `first` on, as they were read. */
  offer(first: number, values: Float32Array): void {
    const { order, width, isKept } = this;
    const end = first + values.length / Math.max(1, width);
    for (let i = firstFrom(order, first); i < isKept.length && order[i]! < end; i++)
      if (!isKept[i]) this.keep(i, values.subarray((order[i]! - first) * width, (order[i]! - first + 1) * width));
  }

  private keep(index: number, values: Float32Array): void {
    this.kept.set(values, index * this.width);
    this.isKept[index] = 1;
  }
}

/** Index of the first of the ascending numbers that is at least `least`. */
function firstFrom(numbers: Uint32Array, least: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

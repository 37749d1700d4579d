import type { BlockSource } from '../stored-rows.js';

const CHUNK_NUMBERS = 1 << 20;

/** Memory for the features of several lists of rows together: all of them are kept, or none. */
export class Room {
  private left: number;
  private readonly lists: KeptRows[] = [];

  constructor(limitMiB: number) {
    this.left = limitMiB * 2 ** 20;
  }

  /** Some did not fit. */
  get isFull(): boolean {
    return this.left < 0;
  }

  list(): KeptRows {
    const rows = new KeptRows();
    this.lists.push(rows);
    return rows;
  }

  /** Asks for so many numbers more; false, and everything is forgotten, where they do not fit. */
  take(numbers: number): boolean {
    if (this.isFull) return false;
    this.left -= 4 * numbers;
    if (this.isFull) for (const rows of this.lists) rows.forget();
    return !this.isFull;
  }
}

/** Rows as they came from files, to be read once from the first to the last: what lies before the one that was read last is forgotten. */
export class KeptRows implements BlockSource {
  width = 0;
  count = 0;
  private chunks: (Float32Array | null)[] = [];

  /** Rows of `width` numbers, the same for all. */
  push(values: Float32Array, width: number): void {
    this.width = width;
    const size = this.rowsAtOnce * width;
    for (let done = 0, at = this.count * width; done < values.length; ) {
      const chunk = (this.chunks[Math.floor(at / size)] ??= new Float32Array(size));
      const piece = values.subarray(done, done + size - (at % size));
      chunk.set(piece, at % size);
      done += piece.length;
      at += piece.length;
    }
    this.count += width === 0 ? 0 : values.length / width;
  }

  forget(): void {
    this.chunks = [];
  }

  blockOf(row: number): { readonly first: number; readonly count: number } {
    const first = row - (row % this.rowsAtOnce);
    return { first, count: Math.min(this.rowsAtOnce, this.count - first) };
  }

  read(first: number, count: number): Float32Array {
    const index = Math.floor(first / this.rowsAtOnce);
    const chunk = this.chunks[index]!;
    this.chunks.fill(null, 0, index);
    return chunk.subarray(0, count * this.width);
  }

  private get rowsAtOnce(): number {
    return Math.max(1, Math.floor(CHUNK_NUMBERS / Math.max(1, this.width)));
  }
}

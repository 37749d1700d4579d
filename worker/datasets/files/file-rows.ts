import { GradswarmError } from '../../../protocol/errors.js';
import type { BlockSource } from '../stored-rows.js';

/** Features that are read at once where rows can be read without the others. Small, because batches are drawn at random. */
const BLOCK_BYTES = 1 << 16;

/** Indices of examples are 32 bits. */
const MOST_ROWS = 2 ** 32 - 1;

/** How many rows a file has, and whether some can be read without the others. */
export interface FileLength {
  readonly rows: number;
  readonly isByRow: boolean;
}

/** Rows that lie one after the other in several files: four bytes of memory a file and a flag, whatever is in it. */
export class FileRows implements BlockSource {
  private readonly starts: Uint32Array;
  private readonly isByRow: Uint8Array;
  private readonly rowsAtOnce: number;

  /** `readRows`: the features of the rows from … to … of one file. Throws ERR_DATA_FORMAT above 2^32 - 1 rows. */
  constructor(
    readonly width: number,
    files: readonly FileLength[],
    private readonly readRows: (file: number, from: number, to: number) => Float32Array,
  ) {
    this.starts = new Uint32Array(files.length + 1);
    this.isByRow = Uint8Array.from(files, ({ isByRow }) => (isByRow ? 1 : 0));
    this.rowsAtOnce = Math.max(1, Math.floor(BLOCK_BYTES / (4 * Math.max(1, width))));
    let total = 0;
    for (const [file, { rows }] of files.entries()) {
      total += rows;
      if (total > MOST_ROWS)
        throw new GradswarmError('ERR_DATA_FORMAT', `data: expected at most ${MOST_ROWS} examples, got more`);
      this.starts[file + 1] = total;
    }
  }

  get count(): number {
    return this.starts.at(-1)!;
  }

  blockOf(row: number): { readonly first: number; readonly count: number } {
    const file = this.fileOf(row);
    const [start, end] = [this.starts[file]!, this.starts[file + 1]!];
    if (!this.isByRow[file]) return { first: start, count: end - start };
    const first = start + Math.floor((row - start) / this.rowsAtOnce) * this.rowsAtOnce;
    return { first, count: Math.min(this.rowsAtOnce, end - first) };
  }

  read(first: number, count: number): Float32Array {
    const file = this.fileOf(first);
    const from = first - this.starts[file]!;
    return this.readRows(file, from, from + count);
  }

  /** The last file that begins at or before this row: files without rows are passed over. */
  private fileOf(row: number): number {
    let [low, high] = [0, this.starts.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

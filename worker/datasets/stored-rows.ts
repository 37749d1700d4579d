import { GradswarmError } from '../../protocol/errors.js';
import type { Examples, StoredRows } from './dataset.js';

/** What blocks of rows are read from, such as the files of a folder. */
export interface BlockSource {
  /** Numbers a row. */
  readonly width: number;
  /** First row of the block that holds this row, and how many rows it has. */
  blockOf(row: number): { readonly first: number; readonly count: number };
  /** count x width numbers. */
  read(first: number, count: number): Float32Array;
}

/** Blocks that were read, up to so many bytes; the one that was used longest ago is dropped first. The last one always stays. */
export class BlockCache implements StoredRows {
  readonly width: number;
  private readonly blocks = new Map<number, { readonly last: number; readonly values: Float32Array }>();
  private current: { readonly first: number; readonly last: number; readonly values: Float32Array } | null = null;
  private bytes = 0;

  /** `passed`: called with each block that rows are taken from next. */
  constructor(
    private readonly source: BlockSource,
    private readonly maxBytes: number,
    private readonly passed: (first: number, values: Float32Array) => void = () => {},
  ) {
    this.width = source.width;
  }

  row(index: number): Float32Array {
    const { width } = this;
    if (!this.current || index < this.current.first || index > this.current.last) {
      this.current = this.blockAt(index);
      this.passed(this.current.first, this.current.values);
    }
    const start = (index - this.current.first) * width;
    return this.current.values.subarray(start, start + width);
  }

  private blockAt(row: number) {
    const { first, count } = this.source.blockOf(row);
    let block = this.blocks.get(first);
    if (block) this.blocks.delete(first);
    else {
      block = { last: first + count - 1, values: this.source.read(first, count) };
      this.bytes += block.values.byteLength;
      for (const [oldest, { values }] of this.blocks) {
        if (this.bytes <= this.maxBytes) break;
        this.blocks.delete(oldest);
        this.bytes -= values.byteLength;
      }
    }
    this.blocks.set(first, block);
    return { first, ...block };
  }
}

/** These of the rows, in this order. */
export function selectedRows(rows: StoredRows, order: Uint32Array): StoredRows {
  return { width: rows.width, row: (index) => rows.row(order[index]!) };
}

/**
 * Examples whose features are read when they are needed; labels and targets are in memory. To read `features` throws ERR_OBJECTIVE.
 * `advice`: how they would be in memory.
 */
export function storedExamples(
  examples: Omit<Examples, 'features'> & { readonly stored: StoredRows },
  advice = 'take an objective that reads row by row',
): Examples {
  const { count, stored } = examples;
  return Object.defineProperty({ ...examples }, 'features', {
    enumerable: false,
    get: () => {
      throw new GradswarmError(
        'ERR_OBJECTIVE',
        `data: expected features in memory, got ${count} x ${stored.width} of them that are read as clients compute; ${advice}`,
      );
    },
  }) as Examples;
}

/** The features of one example of `width` numbers; not to be written. */
export function rowOf(examples: Examples, row: number, width: number): Float32Array {
  return examples.stored ? examples.stored.row(row) : examples.features.subarray(row * width, (row + 1) * width);
}

/** The same examples with other labels. */
export function withLabels(examples: Examples, labels: Int32Array): Examples {
  return changed(examples, 'labels', labels);
}

/** Examples that are stored, with their rows read in another way. */
export function withRows(examples: Examples, stored: StoredRows): Examples {
  return changed(examples, 'stored', stored);
}

/** A copy that does not read `features`. */
function changed<K extends keyof Examples>(examples: Examples, key: K, value: Examples[K]): Examples {
  const own = Object.getOwnPropertyDescriptors(examples);
  return Object.defineProperties({} as Examples, { ...own, [key]: { value, enumerable: true } });
}

/** Numbers of all features: what they take in memory is four bytes each. */
export function numberCount(examples: Examples): number {
  return examples.stored ? examples.count * examples.stored.width : examples.features.length;
}

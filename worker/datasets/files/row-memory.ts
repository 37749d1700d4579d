import { count } from '../../../protocol/settings/kinds.js';
import type { Examples } from '../dataset.js';
import { BlockCache, type BlockSource, selectedRows, storedExamples } from '../stored-rows.js';
import { wrong } from './array-files.js';

/** The setting of data sets that can be read from their files as clients compute. */
export const memoryMiB = (preset = 512) =>
  count(
    preset,
    'Features (4 bytes a number) that need more are read from the files as clients compute, and at most so much of them is kept',
    2 ** 22,
  );

const MIB = 2 ** 20;

type Rows = BlockSource & { readonly count: number };

/** Where features are: in memory if all fit, else in their files, behind caches that share what may be kept. */
export class RowMemory {
  readonly isStored: boolean;
  private readonly maxBytes: number;
  private readonly numbers: number;
  private readonly caches: ReadonlyMap<Rows, BlockCache>;

  constructor(
    private readonly limitMiB: number,
    sources: readonly Rows[],
  ) {
    this.numbers = sources.reduce((sum, { count, width }) => sum + count * width, 0);
    this.maxBytes = limitMiB * MIB;
    this.isStored = 4 * this.numbers > this.maxBytes;
    // What is copied to memory is read once: nothing is kept.
    const share = this.isStored ? this.maxBytes / sources.filter(({ count }) => count > 0).length : 0;
    this.caches = new Map(sources.map((source) => [source, new BlockCache(source, share)]));
  }

  /** Throws ERR_DATA_FORMAT where a part that can only be read whole does not fit. */
  requireBlock(path: string, numbers: number): void {
    if (!this.isStored || 4 * numbers <= this.maxBytes) return;
    throw wrong(
      path,
      `arrays of more than memoryMiB = ${this.limitMiB} that can be read in parts, got one of ${Math.ceil((4 * numbers) / MIB)} MiB that is compressed or in Fortran order; write it with numpy.save or numpy.savez, or raise memoryMiB`,
    );
  }

  /** The rows of a source, in this order (null: all, as they lie). */
  examples(source: Rows, order: Uint32Array | null, answers: Pick<Examples, 'labels' | 'targets'>): Examples {
    const cache = this.caches.get(source)!;
    const number = order?.length ?? source.count;
    if (this.isStored)
      return storedExamples(
        { count: number, stored: order ? selectedRows(cache, order) : cache, ...answers },
        `set data.memoryMiB to ${this.neededMiB} or more, or take an objective that reads row by row`,
      );
    const features = new Float32Array(number * source.width);
    for (let i = 0; i < number; i++) features.set(cache.row(order ? order[i]! : i), i * source.width);
    return { count: number, features, ...answers };
  }

  private get neededMiB(): number {
    return Math.ceil((4 * this.numbers) / MIB);
  }

  decisions(where: string): readonly string[] {
    return this.isStored
      ? [
          `memory: ${this.neededMiB} MiB of features are read from ${where} as clients compute, at most ${this.limitMiB} MiB are kept`,
        ]
      : [];
  }
}

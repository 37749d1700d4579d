import { count } from '../../../protocol/settings/kinds.js';
import type { Examples, StoredRows } from '../dataset.js';
import { featureRoom, featureRooms } from '../feature-room.js';
import { BlockCache, type BlockSource, selectedRows, storedExamples } from '../stored-rows.js';
import { wrong } from './array-files.js';
import { HeldRows } from './held-rows.js';

/** The setting of data sets that can be read from their files as clients compute. */
export const memoryMiB = (preset = 512) =>
  count(
    preset,
    'Features (4 bytes a number) that need more are read from the files as clients compute, and at most so much of them is kept',
    2 ** 22,
  );

const MIB = 2 ** 20;

type Rows = BlockSource & { readonly count: number };
type Answers = Pick<Examples, 'labels' | 'targets'>;

/** Of the memory where features do not fit, what held-out rows may keep. */
const HELD_SHARE = 0.75;

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
  examples(source: Rows, order: Uint32Array | null, answers: Answers): Examples {
    const cache = this.caches.get(source)!;
    const number = order?.length ?? source.count;
    if (this.isStored) return this.stored(number, order ? selectedRows(cache, order) : cache, answers);
    const features = featureRoom(number * source.width);
    for (let i = 0; i < number; i++) features.set(cache.row(order ? order[i]! : i), i * source.width);
    return { count: number, features, ...answers };
  }

  /**
   * The rows of one source in two parts, each ascending. In memory both are filled as the rows are read, once; else held-out rows are
   * kept as the training rows beside them are read.
   */
  split(
    source: Rows,
    parts: { readonly train: Uint32Array; readonly test: Uint32Array },
    answers: { readonly train: Answers; readonly test: Answers },
  ): { readonly train: Examples; readonly test: Examples } {
    const { train, test } = parts;
    if (this.isStored) {
      const heldBytes = Math.min(HELD_SHARE * this.maxBytes, 4 * test.length * source.width);
      const cache: BlockCache = new BlockCache(source, this.maxBytes - heldBytes, (first, values) =>
        held.offer(first, values),
      );
      const held = new HeldRows(cache, test, heldBytes);
      return {
        train: this.stored(train.length, selectedRows(cache, train), answers.train),
        test: this.stored(test.length, held, answers.test),
      };
    }
    const rows = this.caches.get(source)!;
    const { width } = source;
    const [trainRoom, testRoom] = featureRooms([train.length * width, test.length * width]);
    const features = { train: trainRoom!, test: testRoom! };
    for (let i = 0, j = 0; i < train.length || j < test.length; ) {
      if (j === test.length || train[i]! < test[j]!) features.train.set(rows.row(train[i]!), i++ * width);
      else features.test.set(rows.row(test[j]!), j++ * width);
    }
    return {
      train: { count: train.length, features: features.train, ...answers.train },
      test: { count: test.length, features: features.test, ...answers.test },
    };
  }

  private stored(count: number, stored: StoredRows, answers: Answers): Examples {
    const advice = `set data.memoryMiB to ${this.neededMiB} or more, or take an objective that reads row by row`;
    return storedExamples({ count, stored, ...answers }, advice);
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

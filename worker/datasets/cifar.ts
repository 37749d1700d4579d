import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { flag, integer, oneOf, string } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { type FileBytes, openFile } from '../arrays/file-bytes.js';
import { type Dataset, type Examples, NO_TARGETS } from './dataset.js';
import { FileRows } from './files/file-rows.js';
import { memoryMiB, RowMemory } from './files/row-memory.js';
import { defineDataset } from './loader.js';

const SIDE = 32;
const PLACES = SIDE * SIDE;
const NUMBERS = 3 * PLACES;

/** Files with the training images and the held-out ones, in the order of their names. */
function batchesIn(path: string): { readonly isHundred: boolean; readonly train: string[]; readonly test: string[] } {
  const names = path !== '' && existsSync(path) ? readdirSync(path).sort() : [];
  const isHundred = names.includes('train.bin');
  const train = isHundred ? ['train.bin'] : names.filter((name) => /^data_batch_\d+\.bin$/.test(name));
  const test = names.filter((name) => name === (isHundred ? 'test.bin' : 'test_batch.bin'));
  if (train.length === 0 || test.length === 0)
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'cifar': set 'path' to the folder of the binary version (data_batch_1.bin … and test_batch.bin, or train.bin and test.bin), got '${path}'`,
    );
  return { isHundred, train, test };
}

/** Where a record has its label, and its bytes of labels in all. */
interface Layout {
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classCount: number;
}

/** Records that are read at once where all are read. */
const RECORDS_AT_ONCE = 256;

/** Records of labels, then 1024 red, green and blue bytes row by row. Labels are in memory. */
class Batches {
  readonly labels: Int32Array;
  private readonly files: { readonly bytes: FileBytes; readonly rows: number }[] = [];
  private readonly recordBytes: number;

  /** `most` 0: all. Throws ERR_DATA_FORMAT. */
  constructor(
    path: string,
    names: readonly string[],
    private readonly layout: Layout,
    most: number,
  ) {
    this.recordBytes = layout.labelBytes + NUMBERS;
    let count = 0;
    for (const name of names) {
      const bytes = openFile(join(path, name));
      if (bytes.size === 0 || bytes.size % this.recordBytes !== 0)
        throw new GradswarmError(
          'ERR_DATA_FORMAT',
          `${bytes.path}: expected records of ${this.recordBytes} bytes, got ${bytes.size} bytes`,
        );
      const available = bytes.size / this.recordBytes;
      const rows = most === 0 ? available : Math.min(available, most - count);
      this.files.push({ bytes, rows });
      count += rows;
    }
    this.labels = new Int32Array(count);
    this.readLabels();
  }

  /** As [32, 32, 3] by place. `levels`: of a byte, by channel. */
  rows(levels: readonly Float32Array[]): FileRows {
    const lengths = this.files.map(({ rows }) => ({ rows, isByRow: true }));
    return new FileRows(NUMBERS, lengths, (file, from, to) => {
      const { bytes } = this.files[file]!;
      const records = bytes.read(from * this.recordBytes, (to - from) * this.recordBytes);
      const values = new Float32Array((to - from) * NUMBERS);
      for (let row = 0; row < to - from; row++)
        for (let c = 0; c < 3; c++) {
          const plane = row * this.recordBytes + this.layout.labelBytes + c * PLACES;
          for (let i = 0; i < PLACES; i++) values[row * NUMBERS + 3 * i + c] = levels[c]![records[plane + i]!]!;
        }
      return values;
    });
  }

  /** Values of a byte by channel, so that each has mean 0 and standard deviation 1 over these images. */
  standardised(plain: Float32Array): readonly Float32Array[] {
    const [sums, squares] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (const { records, rows } of this.records())
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < 3; c++) {
          const plane = row * this.recordBytes + this.layout.labelBytes + c * PLACES;
          for (let i = 0; i < PLACES; i++) {
            const value = plain[records[plane + i]!]!;
            sums[c]! += value;
            squares[c]! += value ** 2;
          }
        }
    const count = this.labels.length * PLACES;
    return sums.map((sum, c) => {
      const mean = sum / count;
      const deviation = Math.sqrt(Math.max(squares[c]! / count - mean * mean, 0)) || 1;
      return plain.map((value) => (value - mean) / deviation);
    });
  }

  private readLabels(): void {
    const { labelAt, classCount } = this.layout;
    let at = 0;
    for (const { file, first, records, rows } of this.records())
      for (let row = 0; row < rows; row++) {
        const label = records[row * this.recordBytes + labelAt]!;
        if (label >= classCount)
          throw new GradswarmError(
            'ERR_DATA_FORMAT',
            `${file}: record ${first + row}: expected a label below ${classCount}, got ${label}`,
          );
        this.labels[at++] = label;
      }
  }

  private *records() {
    for (const { bytes, rows: count } of this.files)
      for (let first = 0; first < count; first += RECORDS_AT_ONCE) {
        const rows = Math.min(RECORDS_AT_ONCE, count - first);
        const records = bytes.read(first * this.recordBytes, rows * this.recordBytes);
        yield { file: bytes.path, first, rows, records };
      }
  }
}

/** CIFAR-10 and CIFAR-100 (Krizhevsky, 2009), the binary version, whose files a person has downloaded. */
export default defineDataset({
  name: 'cifar',
  summary: 'CIFAR-10 or CIFAR-100 from the binary files in a folder',
  settings: defineSettings({
    path: string('', 'The folder with the .bin files'),
    trainCount: integer(0, 'Training images, from the first on; 0: all', { least: 0 }),
    testCount: integer(0, 'Held-out images, from the first on; 0: all', { least: 0 }),
    labels: oneOf(['fine', 'coarse'], 'fine', 'Of CIFAR-100: 100 classes or 20'),
    standardise: flag(true, 'Each channel gets mean 0 and standard deviation 1 over the training images'),
    memoryMiB: memoryMiB(1024),
  }),
  load(settings): Dataset {
    const { path } = settings;
    const { isHundred, train: trainFiles, test: testFiles } = batchesIn(path);
    const classCount = isHundred ? (settings.labels === 'fine' ? 100 : 20) : 10;
    const labelAt = isHundred && settings.labels === 'fine' ? 1 : 0;
    const layout = { labelBytes: isHundred ? 2 : 1, labelAt, classCount };
    const train = new Batches(path, trainFiles, layout, settings.trainCount);
    const test = new Batches(path, testFiles, layout, settings.testCount);
    const plain = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
    const values = settings.standardise ? train.standardised(plain) : [plain, plain, plain];
    const [trainRows, testRows] = [train.rows(values), test.rows(values)];
    const memory = new RowMemory(settings.memoryMiB, [trainRows, testRows]);
    const examples = (rows: FileRows, { labels }: Batches): Examples =>
      memory.examples(rows, null, { labels, targets: NO_TARGETS });
    const decisions = memory.decisions(`${trainFiles.length + testFiles.length} files`);
    const namesFile = join(path, isHundred ? `${settings.labels}_label_names.txt` : 'batches.meta.txt');
    const classNames = existsSync(namesFile) ? readFileSync(namesFile, 'utf8').trim().split(/\r?\n/) : [];
    return {
      name: 'cifar',
      source: `CIFAR-${isHundred ? 100 : 10} in ${path}`,
      featureShape: [SIDE, SIDE, 3],
      classCount,
      ...(classNames.length === classCount && { classNames }),
      train: examples(trainRows, train),
      test: examples(testRows, test),
      ...(decisions.length > 0 && { decisions }),
    };
  },
});

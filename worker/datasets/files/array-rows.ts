import { elementCount } from '../../arrays/number-array.js';
import type { StoredArray, StoredArrays } from '../../arrays/stored-array.js';
import { firstNotFinite } from '../sound.js';
import { type ArrayFiles, arrayOf, wrong } from './array-files.js';
import { type FileLength, FileRows } from './file-rows.js';
import { FileStamps } from './file-stamps.js';
import type { KeptRows, Room } from './kept-rows.js';

/** Numbers of a file that are read at once where some can be read without the others. */
const PIECE_NUMBERS = 1 << 18;

/** Numbers whose count is not known beforehand. */
class GrowingNumbers {
  private room = new Float64Array(1024);
  private count = 0;

  push(values: ArrayLike<number>): void {
    if (this.count + values.length > this.room.length) {
      const larger = new Float64Array(Math.max(2 * this.room.length, this.count + values.length));
      larger.set(this.room);
      this.room = larger;
    }
    this.room.set(values, this.count);
    this.count += values.length;
  }

  taken(): Float64Array {
    return this.room.subarray(0, this.count);
  }
}

/** Examples of several files one after the other: what is small in memory, and their features where they are. */
export class ArrayRows {
  private readonly lengths: FileLength[] = [];
  private readonly labelsSoFar = new GrowingNumbers();
  /** Of one example; null before the first file. */
  private shape: readonly number[] | null = null;
  /** Of the entries of `lengths`, which file they are. */
  private readonly files: number[] = [];
  private readonly stamps: FileStamps;
  private readonly kept: KeptRows;

  /** `room`: for features that are kept as their file is read for its labels, so that it is read once. */
  constructor(
    private readonly from: ArrayFiles,
    private readonly names: { readonly features: string; readonly labels: string },
    private readonly scale: number,
    private readonly task: 'classification' | 'regression',
    private readonly room: Room,
  ) {
    this.stamps = new FileStamps(from.names.length);
    this.kept = room.list();
  }

  /** Reads the labels of one more file, and its features while there is room for them. Returns its number of examples. */
  add(file: number, arrays: StoredArrays): number {
    const { path } = this.from;
    const features = arrayOf(path, arrays, this.names.features);
    const labels = arrayOf(path, arrays, this.names.labels);
    const rest = features.shape.slice(1);
    this.shape ??= rest;
    if (rest.join() !== this.shape.join())
      throw wrong(
        path,
        `'${this.names.features}' of one shape in every file, got (${this.shape.join(', ')}) and (${rest.join(', ')})`,
      );
    const rows = features.shape[0]!;
    if (elementCount(labels.shape) !== rows)
      throw wrong(
        path,
        `'${this.names.labels}' with one number for each of the ${rows} rows of '${this.names.features}', got shape (${labels.shape.join(', ')})`,
      );
    const answers = labels.read(0, labels.shape[0]!);
    this.requireAnswers(file, answers);
    this.labelsSoFar.push(answers);
    this.lengths.push({ rows, isByRow: features.isByRow });
    this.files.push(file);
    this.stamps.require(file, features.file);
    this.keep(file, features);
    return rows;
  }

  private keep(file: number, features: StoredArray): void {
    const rows = features.shape[0]!;
    const width = elementCount(this.featureShape);
    if (!this.room.take(rows * width)) return;
    const atOnce = features.isByRow ? Math.max(1, Math.floor(PIECE_NUMBERS / Math.max(1, width))) : Math.max(1, rows);
    for (let first = 0; first < rows; first += atOnce)
      this.kept.push(this.read(file, features, first, Math.min(rows, first + atOnce)), width);
  }

  /** Classes are whole numbers from 0 on; targets are finite. */
  private requireAnswers(file: number, answers: ArrayLike<number>): void {
    const classes = this.task === 'classification';
    for (let row = 0; row < answers.length; row++) {
      const answer = answers[row]!;
      if (classes ? Number.isInteger(answer) && answer >= 0 : Number.isFinite(answer)) continue;
      const expected = classes ? 'classes 0, 1, 2 …' : 'finite numbers';
      const advice =
        classes && Number.isFinite(answer) ? "; set task: 'regression' if they are numbers to predict" : '';
      throw wrong(this.placeOf(file), `${expected} in '${this.names.labels}', got ${answer} at ${row}${advice}`);
    }
  }

  private placeOf(file: number): string {
    const { path, names } = this.from;
    return names.length > 1 ? `${path}: ${names[file]}` : path;
  }

  get featureShape(): readonly number[] {
    return this.shape ?? [];
  }

  get labels(): Float64Array {
    return this.labelsSoFar.taken();
  }

  /** The longest part that can only be read whole, in numbers. */
  get widestBlock(): number {
    const width = elementCount(this.featureShape);
    return this.lengths.reduce((most, { rows, isByRow }) => (isByRow ? most : Math.max(most, rows * width)), 0);
  }

  /** The features, of all files: kept, or read from where they are. */
  rows(): KeptRows | FileRows {
    const { from, names, files, lengths } = this;
    if (!this.room.isFull) return this.kept;
    const width = elementCount(this.featureShape);
    let opened: { readonly file: number; readonly array: StoredArray } | null = null;
    return new FileRows(width, lengths, (index, first, end) => {
      const file = files[index]!;
      if (opened?.file !== file) opened = { file, array: arrayOf(from.path, from.open(file), names.features) };
      const { array } = opened;
      this.stamps.require(file, array.file);
      return this.read(file, array, first, end);
    });
  }

  /** Throws ERR_DATA_FORMAT for what is not finite. */
  private read(file: number, array: StoredArray, first: number, end: number): Float32Array {
    const values = scaled(array.read(first, end), this.scale);
    const bad = firstNotFinite(values);
    if (bad < 0) return values;
    const got = array.read(first, end)[bad]!;
    const row = first + Math.floor(bad / elementCount(this.featureShape));
    throw wrong(
      this.placeOf(file),
      `finite numbers within 3.4e38 in '${this.names.features}', got ${got} in row ${row}`,
    );
  }
}

function scaled(values: ArrayLike<number>, scale: number): Float32Array {
  if (scale === 1) return values instanceof Float32Array ? values : Float32Array.from(values);
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = scale * values[i]!;
  return result;
}

import { elementCount } from '../../arrays/number-array.js';
import type { StoredArray, StoredArrays } from '../../arrays/stored-array.js';
import { firstNotFinite } from '../sound.js';
import { type ArrayFiles, arrayOf, wrong } from './array-files.js';
import { type FileLength, FileRows } from './file-rows.js';

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

  constructor(
    private readonly from: ArrayFiles,
    private readonly names: { readonly features: string; readonly labels: string },
    private readonly scale: number,
    private readonly task: 'classification' | 'regression',
  ) {}

  /** Reads the labels of one more file, and what is known of its features. Returns its number of examples. */
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
    return rows;
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

  /** Holds what is needed to read features, and no labels. */
  rows(): FileRows {
    const { from, names, scale, files, lengths } = this;
    const width = elementCount(this.featureShape);
    let opened: { readonly file: number; readonly array: StoredArray } | null = null;
    return new FileRows(width, lengths, (index, first, end) => {
      const file = files[index]!;
      if (opened?.file !== file) opened = { file, array: arrayOf(from.path, from.open(file), names.features) };
      const { array } = opened;
      const { rows } = lengths[index]!;
      if (array.shape[0] !== rows || elementCount(array.shape) !== rows * width)
        throw wrong(`${from.path}: ${from.names[file]}`, 'the file that was there when the run began');
      const values = scaled(array.read(first, end), scale);
      const bad = firstNotFinite(values);
      if (bad < 0) return values;
      const got = array.read(first, end)[bad]!;
      const row = first + Math.floor(bad / width);
      throw wrong(this.placeOf(file), `finite numbers within 3.4e38 in '${names.features}', got ${got} in row ${row}`);
    });
  }
}

function scaled(values: ArrayLike<number>, scale: number): Float32Array {
  if (scale === 1) return values instanceof Float32Array ? values : Float32Array.from(values);
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = scale * values[i]!;
  return result;
}

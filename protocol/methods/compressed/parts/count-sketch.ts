import type { ReadonlyVector, Vector } from '../../../method.js';

/**
 * Count sketch (Charikar, Chen, Farach-Colton, 2002): rows x columns cells; entry i of a vector is added to one cell of each
 * row, with a sign. Linear: the sketch of a sum is the sum of the sketches. The estimate of x_i is the median over the rows
 * of sign times cell; each row's is unbiased with variance <= |x|^2 / columns. Plain data; cells in float64.
 */
export interface CountSketch {
  readonly rows: number;
  readonly columns: number;
  /** Names the hash functions: sketches can be added when rows, columns and seed agree. */
  readonly seed: number;
  readonly cells: Float64Array;
}

/** `seed`: an integer below 2^32, the same for all parties whose sketches are to be added. */
export function emptySketch(rows: number, columns: number, seed: number): CountSketch {
  if (!(Number.isInteger(rows) && rows >= 1)) throw new RangeError(`rows: expected an integer from 1 on, got ${rows}`);
  if (!(Number.isInteger(columns) && columns >= 1 && columns < 2147483648))
    throw new RangeError(`columns: expected an integer from 1 on, got ${columns}`);
  return { rows, columns, seed: seed >>> 0, cells: new Float64Array(rows * columns) };
}

/** A bijection of 32-bit words with full avalanche (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Key of one row's hash. */
function rowKey(seed: number, row: number): number {
  return mix(mix(seed ^ 0x9e3779b9) + Math.imul(row + 1, 0x7feb352d));
}

/** 32 bits for entry `i` under a row's key: the lowest is the sign, all of them together choose the column. */
function hash(key: number, i: number): number {
  return mix(mix(i ^ key) + key);
}

function columnOf(bits: number, columns: number): number {
  return Math.floor(((bits >>> 1) / 2147483648) * columns);
}

/** Adds factor * value, whose entry j is entry `offset` + j of the sketched vector, in place. */
export function addToSketch(sketch: CountSketch, value: ReadonlyVector, factor = 1, offset = 0): void {
  const { rows, columns, cells } = sketch;
  for (let row = 0; row < rows; row++) {
    const key = rowKey(sketch.seed, row);
    const base = row * columns;
    for (let j = 0; j < value.length; j++) {
      const bits = hash(key, offset + j);
      const at = base + columnOf(bits, columns);
      const x = factor * value[j]!;
      cells[at] = cells[at]! + (bits & 1 ? -x : x);
    }
  }
}

/** Cells that the given entries fall into, one per row and entry: what FetchSGD's code clears after an update. */
export function clearEntries(sketch: CountSketch, indices: Uint32Array): void {
  for (let row = 0; row < sketch.rows; row++) {
    const key = rowKey(sketch.seed, row);
    for (let j = 0; j < indices.length; j++)
      sketch.cells[row * sketch.columns + columnOf(hash(key, indices[j]!), sketch.columns)] = 0;
  }
}

/** Adds factor * other, in place. Throws RangeError when the two do not hash alike. */
export function addSketch(sketch: CountSketch, other: CountSketch, factor = 1): void {
  if (other.rows !== sketch.rows || other.columns !== sketch.columns || other.seed !== sketch.seed)
    throw new RangeError('sketches of different size or seed cannot be added');
  for (let i = 0; i < sketch.cells.length; i++) sketch.cells[i] = sketch.cells[i]! + factor * other.cells[i]!;
}

/** Estimates of entries 0 ... into.length - 1. */
export function estimateAll(sketch: CountSketch, into: Vector): Vector {
  const { rows, columns, cells, seed } = sketch;
  const keys = Int32Array.from({ length: rows }, (_, row) => rowKey(seed, row));
  const seen = new Float64Array(rows);
  for (let i = 0; i < into.length; i++) {
    for (let row = 0; row < rows; row++) {
      const bits = hash(keys[row]!, i);
      const cell = cells[row * columns + columnOf(bits, columns)]!;
      seen[row] = bits & 1 ? -cell : cell;
    }
    into[i] = medianInPlace(seen);
  }
  return into;
}

/** Insertion sort: there are few rows. An even number of rows gives the mean of the middle two. */
function medianInPlace(seen: Float64Array): number {
  const { length } = seen;
  for (let i = 1; i < length; i++) {
    const x = seen[i]!;
    let j = i;
    for (; j > 0 && seen[j - 1]! > x; j--) seen[j] = seen[j - 1]!;
    seen[j] = x;
  }
  const middle = length >> 1;
  return length % 2 === 1 ? seen[middle]! : (seen[middle - 1]! + seen[middle]!) / 2;
}

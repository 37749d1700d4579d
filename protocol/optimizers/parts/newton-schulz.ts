import type { ReadonlyVector, Vector } from '../../method.js';

/** Coefficients of Muon's quintic iteration x -> a x + b x^3 + c x^5 on the singular values. */
const MUON: readonly [number, number, number] = [3.4445, -4.775, 2.0315];
/** The cubic iteration, which converges to 1. */
const CUBIC: readonly [number, number, number] = [1.5, -0.5, 0];

/** A matrix of `short` rows and `long` >= short columns: the given one or its transpose. */
interface Wide {
  readonly entries: Float64Array;
  readonly short: number;
  readonly long: number;
}

/** matrix / |matrix| as a wide matrix; undefined for the zero matrix. */
function normalized(source: ReadonlyVector, start: number, rows: number, columns: number): Wide | undefined {
  const size = rows * columns;
  // Divided by the largest entry first: the squares of very large or small entries leave the number range.
  let largest = 0;
  for (let k = start; k < start + size; k++) largest = Math.max(largest, Math.abs(source[k]!));
  if (largest === 0) return undefined;
  let squares = 0;
  for (let k = start; k < start + size; k++) {
    const ratio = source[k]! / largest;
    squares += ratio * ratio;
  }
  const norm = Math.sqrt(squares);
  const entries = new Float64Array(size);
  const transposed = rows > columns;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      entries[transposed ? c * rows + r : r * columns + c] = source[start + r * columns + c]! / largest / norm;
  return transposed ? { entries, short: columns, long: rows } : { entries, short: rows, long: columns };
}

/** gram = X X^T. Four rows at a time: one running sum would make every addition wait for the one before. */
function fillGram({ entries, short, long }: Wide, gram: Float64Array): void {
  for (let i = 0; i < short; i++) {
    const row = i * long;
    for (let j = 0; j <= i; j += 4) {
      // Rows past the last one are read as the last one and not stored.
      const row0 = j * long;
      const row1 = Math.min(j + 1, short - 1) * long;
      const row2 = Math.min(j + 2, short - 1) * long;
      const row3 = Math.min(j + 3, short - 1) * long;
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let k = 0; k < long; k++) {
        const x = entries[row + k]!;
        sum0 += x * entries[row0 + k]!;
        sum1 += x * entries[row1 + k]!;
        sum2 += x * entries[row2 + k]!;
        sum3 += x * entries[row3 + k]!;
      }
      store(gram, short, i, j, sum0);
      store(gram, short, i, j + 1, sum1);
      store(gram, short, i, j + 2, sum2);
      store(gram, short, i, j + 3, sum3);
    }
  }
}

function store(gram: Float64Array, short: number, i: number, j: number, value: number): void {
  if (j > i) return;
  gram[i * short + j] = value;
  gram[j * short + i] = value;
}

/** mixed = b A + c A^2, A = gram, which is symmetric. */
function fillMixed(short: number, b: number, c: number, gram: Float64Array, mixed: Float64Array): void {
  for (let i = 0; i < short; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      if (c !== 0) for (let k = 0; k < short; k++) sum += gram[i * short + k]! * gram[j * short + k]!;
      const entry = b * gram[i * short + j]! + c * sum;
      mixed[i * short + j] = entry;
      mixed[j * short + i] = entry;
    }
}

/** One step X <- a X + (b A + c A^2) X with A = X X^T, in place; `gram`, `mixed`, `result` are room for it. */
function iterate(
  wide: Wide,
  [a, b, c]: readonly [number, number, number],
  gram: Float64Array,
  mixed: Float64Array,
  result: Float64Array,
): void {
  const { entries, short, long } = wide;
  fillGram(wide, gram);
  fillMixed(short, b, c, gram, mixed);
  for (let i = 0; i < short; i++) {
    const row = i * long;
    for (let k = 0; k < long; k++) result[row + k] = a * entries[row + k]!;
    let j = 0;
    for (; j + 3 < short; j += 4) {
      const factor0 = mixed[i * short + j]!;
      const factor1 = mixed[i * short + j + 1]!;
      const factor2 = mixed[i * short + j + 2]!;
      const factor3 = mixed[i * short + j + 3]!;
      const from = j * long;
      for (let k = 0; k < long; k++)
        result[row + k] =
          result[row + k]! +
          (factor0 * entries[from + k]! +
            factor1 * entries[from + long + k]! +
            (factor2 * entries[from + 2 * long + k]! + factor3 * entries[from + 3 * long + k]!));
    }
    for (; j < short; j++) {
      const factor = mixed[i * short + j]!;
      for (let k = 0; k < long; k++) result[row + k] = result[row + k]! + factor * entries[j * long + k]!;
    }
  }
  entries.set(result);
}

function iterated(
  wide: Wide,
  plan: readonly (readonly [coefficients: readonly [number, number, number], steps: number])[],
): void {
  const gram = new Float64Array(wide.short * wide.short);
  const mixed = new Float64Array(gram.length);
  const result = new Float64Array(wide.entries.length);
  for (const [coefficients, steps] of plan)
    for (let step = 0; step < steps; step++) iterate(wide, coefficients, gram, mixed, result);
}

/**
 * Writes the matrix in `into` that has about the singular vectors of the one in `source` and singular values in about
 * [0.7, 1.2]: five steps of Muon's iteration. Both are `rows` x `columns` from index `start` on. The result does not depend
 * on the matrix' scale; a zero matrix gives zero.
 */
export function orthogonalizeInto(
  into: Vector,
  source: ReadonlyVector,
  start: number,
  rows: number,
  columns: number,
): void {
  const wide = normalized(source, start, rows, columns);
  if (!wide) {
    into.fill(0, start, start + rows * columns);
    return;
  }
  iterated(wide, [[MUON, 5]]);
  const transposed = rows > columns;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      into[start + r * columns + c] = wide.entries[transposed ? c * rows + r : r * columns + c]!;
}

/**
 * Sum of the singular values, from the overlap of the matrix with its orthogonal factor. Relative error below 1e-3: singular
 * values under about a thousandth of the norm are counted short.
 */
export function nuclearNorm(source: ReadonlyVector, start: number, rows: number, columns: number): number {
  const wide = normalized(source, start, rows, columns);
  if (!wide) return 0;
  iterated(wide, [
    [MUON, 5],
    [CUBIC, 6],
  ]);
  const transposed = rows > columns;
  let overlap = 0;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      overlap += source[start + r * columns + c]! * wide.entries[transposed ? c * rows + r : r * columns + c]!;
  return overlap;
}

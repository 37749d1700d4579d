import type { ReadonlyVector, Segment, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';

/**
 * A model's matrices as products of thin ones, matrix M (rows x columns) as P Q^T with P rows x rank and Q columns x rank. The
 * factors of all matrices follow each other in one vector; each is row by row. What is no matrix worth factoring is the rest.
 */
export interface LowRankPart {
  /** Where the matrix begins in the model's vector. */
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly leftStart: number;
  readonly rightStart: number;
}

export interface LowRankLayout {
  readonly parts: readonly LowRankPart[];
  /** Ranges of the model's vector that go whole. */
  readonly rest: readonly { readonly start: number; readonly end: number }[];
  readonly leftLength: number;
  readonly rightLength: number;
  readonly restLength: number;
}

/**
 * A tensor of two axes or more is a matrix of its first axis by all others. It is factored when rows * columns >
 * leastRatio * rank (rows + columns). Segments must cover the vector in order.
 */
export function lowRankLayout(segments: readonly Segment[], rank: number, leastRatio: number): LowRankLayout {
  const parts: LowRankPart[] = [];
  const rest: { start: number; end: number }[] = [];
  let leftLength = 0;
  let rightLength = 0;
  let restLength = 0;
  for (const { offset: start, shape } of segments) {
    const size = shape.reduce((product, side) => product * side, 1);
    const rows = shape[0] ?? 1;
    const columns = size / rows;
    const own = Math.min(rank, rows, columns);
    if (shape.length >= 2 && size > leastRatio * own * (rows + columns)) {
      parts.push({ start, rows, columns, rank: own, leftStart: leftLength, rightStart: rightLength });
      leftLength += rows * own;
      rightLength += columns * own;
    } else {
      rest.push({ start, end: start + size });
      restLength += size;
    }
  }
  return { parts, rest, leftLength, rightLength, restLength };
}

/** into = M Q for every matrix. */
export function timesRight(
  { parts }: LowRankLayout,
  model: ReadonlyVector,
  right: ReadonlyVector,
  into: Vector,
): Vector {
  for (const { start, rows, columns, rank, leftStart, rightStart } of parts)
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < rank; k++) {
        let sum = 0;
        const row = start + i * columns;
        for (let j = 0; j < columns; j++) sum += model[row + j]! * right[rightStart + j * rank + k]!;
        into[leftStart + i * rank + k] = sum;
      }
  return into;
}

/** into = M^T P for every matrix. */
export function timesLeft({ parts }: LowRankLayout, model: ReadonlyVector, left: ReadonlyVector, into: Vector): Vector {
  for (const { start, rows, columns, rank, leftStart, rightStart } of parts)
    for (let j = 0; j < columns; j++)
      for (let k = 0; k < rank; k++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += model[start + i * columns + j]! * left[leftStart + i * rank + k]!;
        into[rightStart + j * rank + k] = sum;
      }
  return into;
}

/** The model's vector with P Q^T for every matrix and `rest` in the other places. */
export function reconstruct(
  { parts, rest: ranges }: LowRankLayout,
  left: ReadonlyVector,
  right: ReadonlyVector,
  rest: ReadonlyVector,
  like: ReadonlyVector,
): Vector {
  const model = zerosLike(like);
  for (const { start, rows, columns, rank, leftStart, rightStart } of parts)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < rank; k++) sum += left[leftStart + i * rank + k]! * right[rightStart + j * rank + k]!;
        model[start + i * columns + j] = sum;
      }
  let at = 0;
  for (const { start, end } of ranges) for (let i = start; i < end; i++) model[i] = rest[at++]!;
  return model;
}

/** What is no factored matrix, one range after the other. */
export function restOf({ rest }: LowRankLayout, model: ReadonlyVector, into: Vector): Vector {
  let at = 0;
  for (const { start, end } of rest) for (let i = start; i < end; i++) into[at++] = model[i]!;
  return into;
}

/**
 * P with orthonormal columns, matrix by matrix, by Gram-Schmidt, so that P P^T is a projection; a column of zeros stays one. Two
 * passes: after one, nearly equal columns are not orthogonal to working precision. (Common code divides by the norm + 1e-8,
 * which is a projection to 1e-8 only, and none for small gradients.)
 */
export function orthonormalColumns({ parts }: LowRankLayout, left: ReadonlyVector): Vector {
  const result = zerosLike(left);
  for (const { rows, rank, leftStart } of parts) {
    const block = Float64Array.from({ length: rows * rank }, (_, i) => left[leftStart + i]!);
    for (let k = 0; k < rank; k++) {
      for (let pass = 0; pass < 2; pass++)
        for (let before = 0; before < k; before++) {
          let overlap = 0;
          for (let i = 0; i < rows; i++) overlap += block[i * rank + k]! * block[i * rank + before]!;
          for (let i = 0; i < rows; i++) block[i * rank + k]! -= overlap * block[i * rank + before]!;
        }
      let square = 0;
      for (let i = 0; i < rows; i++) square += block[i * rank + k]! ** 2;
      if (square === 0) continue;
      const length = Math.sqrt(square);
      for (let i = 0; i < rows; i++) block[i * rank + k]! /= length;
    }
    for (let i = 0; i < block.length; i++) result[leftStart + i] = block[i]!;
  }
  return result;
}

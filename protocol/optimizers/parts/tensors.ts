import type { ReadonlyVector, Segment } from '../../method.js';

/** One tensor of a model as a range of its vector, with the shape that layer-wise rules look at. */
export interface Tensor {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Rows and columns of the tensor as a matrix: all axes but the last, and the last (output units). 1 row for vectors. */
  readonly rows: number;
  readonly columns: number;
  /** Two axes or more. */
  readonly isMatrix: boolean;
  /** A bias or normalisation vector: layer-wise rules leave it to a plain rule. */
  readonly isMinor: boolean;
}

/**
 * The tensors of a vector of `length` numbers. Without segments the vector is one tensor. A model of vectors alone has no
 * minor ones, since its vectors are what there is to train. Throws RangeError when the segments do not cover the vector.
 */
export function tensorsOf(segments: readonly Segment[], length: number): readonly Tensor[] {
  if (segments.length === 0)
    return [{ name: '', start: 0, end: length, rows: 1, columns: length, isMatrix: false, isMinor: false }];
  const hasMatrix = segments.some(({ shape }) => shape.length >= 2);
  let expectedStart = 0;
  const tensors = segments.map(({ name, offset, shape }) => {
    const size = shape.reduce((product, side) => product * side, 1);
    const columns = shape.at(-1) ?? 1;
    const isMatrix = shape.length >= 2;
    if (offset !== expectedStart)
      throw new RangeError(`segment '${name}': expected to begin at ${expectedStart}, begins at ${offset}`);
    expectedStart += size;
    return {
      name,
      start: offset,
      end: offset + size,
      rows: isMatrix ? size / columns : 1,
      columns: isMatrix ? columns : size,
      isMatrix,
      isMinor: hasMatrix && !isMatrix,
    };
  });
  if (expectedStart !== length)
    throw new RangeError(`segments: expected to cover ${length} numbers, cover ${expectedStart}`);
  return tensors;
}

/** The tensors of one model, found once and kept. */
export function tensorLayout(segments: readonly Segment[]): (length: number) => readonly Tensor[] {
  let known: readonly Tensor[] = [];
  let knownLength = -1;
  return (length) => {
    if (length !== knownLength) {
      known = tensorsOf(segments, length);
      knownLength = length;
    }
    return known;
  };
}

/** Euclidean norm of entries start ... end - 1. */
export function rangeNorm(vector: ReadonlyVector, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

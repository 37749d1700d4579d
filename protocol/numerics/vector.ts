import type { Precision, ReadonlyVector, Vector } from '../method.js';
import { addMultiple } from './simd/vector-pieces.js';

/**
 * Plain loops over typed arrays, in index order, sums in float64: deterministic and fast. Functions named by a verb alone
 * allocate their result; functions named `…Into` or `add…` write into their first argument.
 */

/** A new zero vector: Float32Array or Float64Array by precision. */
export function zeros(length: number, precision: Precision): Vector {
  return precision === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

/** 'float32' of a Float32Array, else 'float64'. */
export function precisionOf(vector: ReadonlyVector): Precision {
  return vector.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64';
}

/** A zero vector of the same precision, and by default of the same length. */
export function zerosLike(vector: ReadonlyVector, length = vector.length): Vector {
  return zeros(length, precisionOf(vector));
}

/** A new vector of the same numbers. */
export function copy(vector: ReadonlyVector): Vector {
  const result = zerosLike(vector);
  result.set(vector as Vector);
  return result;
}

function sameLength(a: ReadonlyVector, b: ReadonlyVector): void {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} numbers cannot be combined`);
}

/** a + b. Throws RangeError where lengths differ. */
export function add(a: ReadonlyVector, b: ReadonlyVector): Vector {
  sameLength(a, b);
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = a[i]! + b[i]!;
  return result;
}

/** a - b. Throws RangeError where lengths differ. */
export function subtract(a: ReadonlyVector, b: ReadonlyVector): Vector {
  sameLength(a, b);
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = a[i]! - b[i]!;
  return result;
}

/** Entry by entry. */
export function multiply(a: ReadonlyVector, b: ReadonlyVector): Vector {
  sameLength(a, b);
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = a[i]! * b[i]!;
  return result;
}

/** factor * a. */
export function scale(factor: number, a: ReadonlyVector): Vector {
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = factor * a[i]!;
  return result;
}

/** a + factor * b. */
export function addScaled(a: ReadonlyVector, factor: number, b: ReadonlyVector): Vector {
  sameLength(a, b);
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = a[i]! + factor * b[i]!;
  return result;
}

/** into += factor * b, in place. */
export function accumulate(into: Vector, factor: number, b: ReadonlyVector): Vector {
  sameLength(into, b);
  if (!addMultiple(into, factor, b)) for (let i = 0; i < into.length; i++) into[i] = into[i]! + factor * b[i]!;
  return into;
}

/** into = a + factor * b, rounded once, into another vector of their length; returns `into`. Throws RangeError where lengths differ. */
export function sumInto(into: Vector, a: ReadonlyVector, factor: number, b: ReadonlyVector): Vector {
  sameLength(into, a);
  into.set(a as Vector);
  return accumulate(into, factor, b);
}

/** Sum of a_i b_i in float64, by index. Throws RangeError where lengths differ. */
export function dot(a: ReadonlyVector, b: ReadonlyVector): number {
  sameLength(a, b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Sum of a_i^2 in float64, by index. */
export function squaredNorm(a: ReadonlyVector): number {
  return dot(a, a);
}

/** Euclidean norm, not safe from overflow of the squares. */
export function norm(a: ReadonlyVector): number {
  return Math.sqrt(squaredNorm(a));
}

/** Sum of (a_i - b_i)^2 in float64, by index. Throws RangeError where lengths differ. */
export function squaredDistance(a: ReadonlyVector, b: ReadonlyVector): number {
  sameLength(a, b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    sum += difference * difference;
  }
  return sum;
}

/** a min(1, radius / |a|); the zero vector when `a` is not finite, since a NaN defeats any bound. */
export function clip(a: ReadonlyVector, radius: number): Vector {
  const length = norm(a);
  if (!Number.isFinite(length)) return zerosLike(a);
  return length > radius ? scale(radius / length, a) : copy(a);
}

/** No NaN and no infinity in it. */
export function allFinite(a: ReadonlyVector): boolean {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i]!)) return false;
  return true;
}

import type { ReadonlyVector, Vector } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';

/**
 * One vector, entry j of which is `statistic` of the n values that the vectors have there, sorted ascending. The scratch array is
 * reused from entry to entry.
 */
export function byCoordinate(
  vectors: readonly ReadonlyVector[],
  statistic: (ascending: Float64Array) => number,
): Vector {
  const result = zerosLike(vectors[0]!);
  const column = new Float64Array(vectors.length);
  for (let j = 0; j < result.length; j++) {
    for (let i = 0; i < column.length; i++) column[i] = vectors[i]![j]!;
    result[j] = statistic(column.sort());
  }
  return result;
}

/** The middle value, or the mean of the two in the middle. `ascending` holds at least one value. */
export function medianOf(ascending: Float64Array): number {
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1 ? ascending[half]! : (ascending[half - 1]! + ascending[half]!) / 2;
}

/** Mean of the `count` values nearest to `center`, of which the lower wins a tie. `ascending`: sorted. */
export function meanOfNearest(ascending: Float64Array, center: number, count: number): number {
  let from = 0;
  let to = ascending.length;
  while (to - from > count) {
    if (center - ascending[from]! > ascending[to - 1]! - center) from++;
    else to--;
  }
  let sum = 0;
  for (let i = from; i < to; i++) sum += ascending[i]!;
  return sum / count;
}

import type { ReadonlyVector } from '../../method.js';
import { squaredDistance } from '../../numerics/vector.js';
import { requirePairs } from './needs.js';

/** n x n squared distances, row after row; the diagonal is 0. O(n^2 d). Throws ERR_SCENARIO where n x n do not fit in memory. */
export function squaredDistances(vectors: readonly ReadonlyVector[]): Float64Array {
  const n = vectors.length;
  requirePairs(n);
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const distance = squaredDistance(vectors[i]!, vectors[j]!);
      result[i * n + j] = distance;
      result[j * n + i] = distance;
    }
  return result;
}

/** Positions of `values` in ascending order of value; the lower position wins a tie. */
export function ascendingPositions(values: ArrayLike<number>): readonly number[] {
  return Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
}

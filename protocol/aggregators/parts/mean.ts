import type { ReadonlyVector, Vector } from '../../method.js';
import { accumulate, scale, zerosLike } from '../../numerics/vector.js';

/** Plain mean in list order, summed in float64. */
export function meanOf(vectors: readonly ReadonlyVector[]): Vector {
  const sums = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) accumulate(sums, 1, vector);
  const result = zerosLike(vectors[0]!);
  result.set(scale(1 / vectors.length, sums));
  return result;
}

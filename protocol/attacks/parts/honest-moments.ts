import type { ReadonlyVector, Vector } from '../../method.js';
import { accumulate, zerosLike } from '../../numerics/vector.js';

/** Mean and standard deviation (divisor n - 1; 0 for one vector) by coordinate, summed in float64. */
export function honestMoments(honest: readonly ReadonlyVector[]): {
  readonly mean: Float64Array;
  readonly stddev: Float64Array;
} {
  const n = honest.length;
  const mean = new Float64Array(honest[0]!.length);
  for (const vector of honest) accumulate(mean, 1 / n, vector);
  const stddev = new Float64Array(mean.length);
  for (const vector of honest)
    for (let j = 0; j < stddev.length; j++) stddev[j] = stddev[j]! + (vector[j]! - mean[j]!) ** 2;
  for (let j = 0; j < stddev.length; j++) stddev[j] = n > 1 ? Math.sqrt(stddev[j]! / (n - 1)) : 0;
  return { mean, stddev };
}

/** mean + factor * direction in the precision of `like`, once for each of `count` attackers. */
export function allSend(
  count: number,
  like: ReadonlyVector,
  mean: Float64Array,
  factor: number,
  direction: Float64Array,
): readonly Vector[] {
  return Array.from({ length: count }, () => {
    const forged = zerosLike(like);
    for (let j = 0; j < forged.length; j++) forged[j] = mean[j]! + factor * direction[j]!;
    return forged;
  });
}

import type { ReadonlyVector, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';

/** argmin_x threshold |x|_1 + |x - z|^2 / 2, that is sign(z) max(|z| - threshold, 0) in each coordinate. A new vector. */
export function softThreshold(z: ReadonlyVector, threshold: number): Vector {
  const result = zerosLike(z);
  for (let i = 0; i < result.length; i++) {
    const value = z[i]!;
    result[i] = value > threshold ? value - threshold : value < -threshold ? value + threshold : 0;
  }
  return result;
}

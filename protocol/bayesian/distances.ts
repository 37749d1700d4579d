import type { ReadonlyVector } from '../method.js';
import { cholesky, choleskySolve, congruence, matrixSquareRoot, trace } from '../numerics/linear-algebra.js';
import type { Gaussian } from './conjugate.js';

/** Distances from the exact posterior, which R-hat and effective sample sizes do not measure. */

function squareOf(x: number): number {
  return x * x;
}

/** W2 between Gaussians: sqrt(|m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2)). */
export function wasserstein2(a: Gaussian, b: Gaussian): number {
  const cross = matrixSquareRoot(congruence(matrixSquareRoot(a.covariance), b.covariance));
  let square = trace(a.covariance) + trace(b.covariance) - 2 * trace(cross);
  for (let i = 0; i < a.mean.length; i++) square += squareOf(a.mean[i]! - b.mean[i]!);
  // Equal laws leave a rounding error of either sign.
  return Math.sqrt(Math.max(square, 0));
}

/** (x - mean)^T covariance^-1 (x - mean). Its root is the mean error in posterior standard deviations. */
export function squaredMahalanobis(x: ArrayLike<number>, law: Gaussian): number {
  const difference = Float64Array.from(x, (value, i) => value - law.mean[i]!);
  const solved = choleskySolve(cholesky(law.covariance), difference);
  let sum = 0;
  for (let i = 0; i < difference.length; i++) sum += difference[i]! * solved[i]!;
  return sum;
}

/** Error of `estimate` against the truth in units of the truth: |C - C0|_F / |C0|_F. */
export function relativeCovarianceError(estimate: Gaussian, truth: Gaussian): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < truth.covariance.length; i++) {
    difference += squareOf(estimate.covariance[i]! - truth.covariance[i]!);
    size += squareOf(truth.covariance[i]!);
  }
  return Math.sqrt(difference / size);
}

/** Mean and covariance (divisor n - 1) of draws, each of length d. At least two draws. */
export function momentsOfDraws(draws: readonly ReadonlyVector[]): Gaussian {
  const n = draws.length;
  const d = draws[0]?.length ?? 0;
  if (n < 2) throw new RangeError(`moments need at least two draws, got ${n}`);
  const mean = new Float64Array(d);
  for (const draw of draws) for (let i = 0; i < d; i++) mean[i] = mean[i]! + draw[i]!;
  for (let i = 0; i < d; i++) mean[i] = mean[i]! / n;
  const covariance = new Float64Array(d * d);
  for (const draw of draws)
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++)
        covariance[i * d + j] = covariance[i * d + j]! + (draw[i]! - mean[i]!) * (draw[j]! - mean[j]!);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) covariance[i * d + j] = covariance[j * d + i] = covariance[i * d + j]! / (n - 1);
  return { mean, covariance };
}

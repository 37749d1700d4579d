import type { ReadonlyVector } from '../method.js';
import { exp, log } from '../numerics/elementary.js';
import {
  cholesky,
  choleskySolve,
  congruence,
  logDeterminant,
  matrixSquareRoot,
  trace,
} from '../numerics/linear-algebra.js';
import type { Gaussian } from './conjugate.js';

/** Distances from the truth, which R-hat and effective sample sizes say nothing about. */

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

/** KL(a || b) between Gaussians, in nats. Both covariances positive definite. */
export function kullbackLeibler(a: Gaussian, b: Gaussian): number {
  const d = a.mean.length;
  const lower = cholesky(b.covariance);
  let sum = -d + logDeterminant(b.covariance, log) - logDeterminant(a.covariance, log);
  const column = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    for (let i = 0; i < d; i++) column[i] = a.covariance[i * d + j]!;
    sum += choleskySolve(lower, column)[j]!;
  }
  return 0.5 * (sum + squaredMahalanobis(a.mean, b));
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

function meanKernel(
  a: readonly ReadonlyVector[],
  b: readonly ReadonlyVector[],
  bandwidth: number,
  skipDiagonal: boolean,
) {
  let sum = 0;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < b.length; j++) {
      if (skipDiagonal && i === j) continue;
      const x = a[i]!;
      const y = b[j]!;
      let square = 0;
      for (let k = 0; k < x.length; k++) square += (x[k]! - y[k]!) * (x[k]! - y[k]!);
      sum += exp(-square / (2 * bandwidth * bandwidth));
    }
  return sum / (skipDiagonal ? a.length * (a.length - 1) : a.length * b.length);
}

/**
 * Squared maximum mean discrepancy with the kernel exp(-|x - y|^2 / (2 bandwidth^2)); cost O((n + m)^2 d).
 * 'biased' keeps the diagonals and is never negative; 'unbiased' drops them and may be.
 */
export function squaredMmd(
  a: readonly ReadonlyVector[],
  b: readonly ReadonlyVector[],
  bandwidth: number,
  estimator: 'biased' | 'unbiased',
): number {
  const skip = estimator === 'unbiased';
  return meanKernel(a, a, bandwidth, skip) + meanKernel(b, b, bandwidth, skip) - 2 * meanKernel(a, b, bandwidth, false);
}

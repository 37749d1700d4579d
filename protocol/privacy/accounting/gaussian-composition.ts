/**
 * Exact privacy of unsampled Gaussian releases, however adaptively composed: all that counts is
 * mu^2 = sum of (sensitivity / stddev)^2 = sum of 1 / z_i^2.
 *
 * delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)
 * Source: Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018; Dong, Roth, Su,
 * "Gaussian Differential Privacy", 2022, for the composition.
 *
 * With Mills' ratio M this is phi(a) (M(a) - M(a + mu)), a = epsilon/mu - mu/2: no overflow, and no cancellation that a
 * series in mu does not repair. All inverses are bisections on its logarithm, so delta may be 1e-141.
 */
import { log } from '../../numerics/elementary.js';
import {
  logNormalCdf,
  logNormalDensity,
  logSubtractExp,
  millsRatio,
  millsSlope,
} from '../../numerics/special-functions.js';
import { smallestWhere } from './bisection.js';
import { checkDelta, checkEpsilon } from './ranges.js';

/** Below this mu the difference of Mills' ratios is summed as a series about the middle. */
const SMALL_MU = 0.25;

/** mu of a composition of Gaussian releases. `count` repeats one release; noiseMultiplier = stddev / sensitivity. */
export function composedMu(releases: readonly { readonly noiseMultiplier: number; readonly count?: number }[]): number {
  let square = 0;
  for (const { noiseMultiplier, count = 1 } of releases) {
    if (count > 0) square += count / (noiseMultiplier * noiseMultiplier);
  }
  return Math.sqrt(square);
}

/** M(c - mu/2) - M(c + mu/2) for small mu, c >= 0, by the odd terms of Taylor's series about c. */
function millsDifferenceSeries(center: number, mu: number): number {
  // M' = c M - 1, and M^(n+1) = c M^(n) + n M^(n-1) from there on.
  let previous = millsRatio(center);
  let derivative = -millsSlope(center);
  let factor = mu;
  let sum = derivative * factor;
  for (let n = 1; n < 17; n += 2) {
    const second = center * derivative + n * previous;
    const third = center * second + (n + 1) * derivative;
    factor *= (mu * mu) / (4 * (n + 1) * (n + 2));
    sum += third * factor;
    previous = second;
    derivative = third;
  }
  return -sum;
}

/** ln delta(epsilon) at a composed mu >= 0. -Infinity for mu = 0. */
export function gaussianLogDelta(epsilon: number, mu: number): number {
  checkEpsilon(epsilon);
  if (mu === 0) return Number.NEGATIVE_INFINITY;
  if (mu === Number.POSITIVE_INFINITY) return 0;
  const center = epsilon / mu;
  const a = center - mu / 2;
  if (mu <= SMALL_MU && center < 1e3) return logNormalDensity(a) + log(millsDifferenceSeries(center, mu));
  if (a > 0) return logNormalDensity(a) + log(millsRatio(a) - millsRatio(center + mu / 2));
  return logSubtractExp(logNormalCdf(-a), epsilon + logNormalCdf(-center - mu / 2));
}

/** The smallest epsilon >= 0 with delta(epsilon) <= delta. */
export function gaussianEpsilon(mu: number, delta: number): number {
  checkDelta(delta);
  if (mu === 0) return 0;
  if (mu === Number.POSITIVE_INFINITY) return mu;
  const logDelta = log(delta);
  if (gaussianLogDelta(0, mu) <= logDelta) return 0;
  return smallestWhere((epsilon) => gaussianLogDelta(epsilon, mu) <= logDelta);
}

/** The largest mu that is still (epsilon, delta)-private. Noise multiplier of one release: 1 / mu; of n: sqrt(n) / mu. */
export function gaussianMu(epsilon: number, delta: number): number {
  return 1 / gaussianNoiseMultiplier(epsilon, delta);
}

/** The smallest noise multiplier of one release that is (epsilon, delta)-private. */
export function gaussianNoiseMultiplier(epsilon: number, delta: number, releaseCount = 1): number {
  checkEpsilon(epsilon);
  checkDelta(delta);
  const logDelta = log(delta);
  const single = smallestWhere((noiseMultiplier) => gaussianLogDelta(epsilon, 1 / noiseMultiplier) <= logDelta);
  return single * Math.sqrt(releaseCount);
}

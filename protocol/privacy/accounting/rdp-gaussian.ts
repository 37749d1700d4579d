/**
 * Renyi differential privacy of the Gaussian mechanism, with and without Poisson sampling, add-remove adjacency.
 *
 * Source: Mironov, Talwar, Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism", 2019:
 * RDP(a) = ln(A_a) / (a - 1), A_a = E_{x ~ N(0, z^2)} [ (1 + u(x))^a ], u = q (e^((2x - 1) / (2 z^2)) - 1).
 *
 * A_a - 1 is what carries the information, and it may be 1e-14 while a million steps are composed. Since E[u] = 0,
 * A_a - 1 = E[ (1 + u)^a - 1 - a u ], whose integrand is never negative: both sums below have positive terms only, and
 * the result is right to a relative 1e-12 however small it is.
 */
import { exp, expm1, log, log1p, softplus } from '../../numerics/elementary.js';
import { logAddExp, logExpMinusOne, logSumExp } from '../../numerics/special-functions.js';

const LOG_SQRT_TWO_PI = 0.91893853320467274178;
/** Parts of an integral or sum below e^-50 of the largest are left out. */
const NEGLIGIBLE = 50;

/** RDP at `order` > 1 of one Gaussian release: order / (2 z^2). noiseMultiplier: noise stddev over L2 sensitivity. */
export function gaussianRdp(order: number, noiseMultiplier: number): number {
  return noiseMultiplier === 0 ? Number.POSITIVE_INFINITY : order / (2 * noiseMultiplier * noiseMultiplier);
}

/**
 * RDP at `order` > 1 (integer or not) of one Gaussian release of a Poisson sample.
 * sampling: probability in [0, 1] with which each record is in the sample, independently of all others.
 */
export function sampledGaussianRdp(order: number, sampling: number, noiseMultiplier: number): number {
  if (sampling === 0) return 0;
  if (sampling === 1 || noiseMultiplier === 0) return gaussianRdp(order, noiseMultiplier);
  const littleNoise = littleNoiseRdp(order, sampling, noiseMultiplier);
  if (littleNoise !== null) return littleNoise;
  const logExcess = Number.isInteger(order)
    ? logExcessBinomial(order, sampling, noiseMultiplier)
    : logExcessTrapezoid(order, sampling, noiseMultiplier);
  return softplus(logExcess) / (order - 1);
}

/**
 * RDP where the noise is so little that only outputs of batches with the record matter, else null:
 * A_a = q^a e^((a^2 - a)/(2z^2)) E_{x ~ N(a, z^2)} [ (1 + v)^a ], v = (1/q - 1) e^((1 - 2x)/(2z^2)), and
 * (1 + v)^a - 1 <= a 2^(a-1) (v + v^a), whose two means are known. The integral has no other peak then, and looking for one
 * in steps of the noise would not end in practice.
 */
function littleNoiseRdp(order: number, sampling: number, noiseMultiplier: number): number | null {
  const perOrder = 1 / noiseMultiplier / noiseMultiplier / 2;
  const logOdds = log1p(-sampling) - log(sampling);
  const logMean = logOdds - 2 * (order - 1) * perOrder;
  const logMeanPower = order * (logOdds - (order - 1) * perOrder);
  const logRest = log(order) + (order - 1) * Math.LN2 + Math.max(logMean, logMeanPower);
  return logRest < -NEGLIGIBLE ? order * (perOrder + log(sampling) / (order - 1)) : null;
}

/** ln(A_a - 1) at an integer order: sum over k >= 2 of C(a,k) (1-q)^(a-k) q^k (e^((k^2-k)/(2z^2)) - 1). */
export function logExcessBinomial(order: number, sampling: number, noiseMultiplier: number): number {
  const logIn = log(sampling);
  const logOut = log1p(-sampling);
  const inverse = 1 / (2 * noiseMultiplier * noiseMultiplier);
  const terms = new Float64Array(order - 1);
  let logBinomial = log(order);
  for (let k = 2; k <= order; k++) {
    logBinomial += log((order - k + 1) / k);
    terms[k - 2] = logBinomial + (order - k) * logOut + k * logIn + logExpMinusOne(k * (k - 1) * inverse);
  }
  return logSumExp(terms);
}

/**
 * ln(A_a - 1) at any order > 1 by the trapezoidal rule. The integrand is analytic within pi z^2 of the real line and falls
 * like a Gaussian of stddev z, so that steps of min(z/5, z^2/3) leave an error below 1e-20.
 */
export function logExcessTrapezoid(order: number, sampling: number, noiseMultiplier: number): number {
  const z = noiseMultiplier;
  const step = Math.min(z / 5, (z * z) / 3);
  const perCell = Math.max(1, Math.floor(z / 2 / step));
  const start = -12 * z;
  const cellCount = Math.ceil((order + 24 * z) / (perCell * step));
  // With little noise most of the range is empty: look at the cells' ends first, then add up those that matter.
  const ends = new Float64Array(cellCount + 1);
  let largest = Number.NEGATIVE_INFINITY;
  for (let cell = 0; cell <= cellCount; cell++) {
    const value = logIntegrand(start + cell * perCell * step, order, sampling, z);
    ends[cell] = value;
    if (value > largest) largest = value;
  }
  let sum = 0;
  const floor = largest - NEGLIGIBLE;
  for (let cell = 0; cell < cellCount; cell++) {
    if (ends[cell]! < floor && ends[cell + 1]! < floor) continue;
    sum += exp(ends[cell]! - largest);
    for (let i = 1; i < perCell; i++) {
      sum += exp(logIntegrand(start + (cell * perCell + i) * step, order, sampling, z) - largest);
    }
  }
  return largest + log(sum * (step / z)) - LOG_SQRT_TWO_PI;
}

/** ln of e^(-x^2/(2z^2)) ((1 + u)^a - 1 - a u). */
function logIntegrand(x: number, order: number, sampling: number, z: number): number {
  const t = (x - 0.5) / (z * z);
  const logDensity = -0.5 * (x / z) * (x / z);
  const power = order * (t <= 1 ? log1p(sampling * expm1(t)) : logAddExp(log1p(-sampling), log(sampling) + t));
  if (power < 20) return logDensity + log(convexExcess(sampling * expm1(t), order));
  // 1 + a u = a q e^t + (1 - a q), taken off inside the logarithm: the power itself may be beyond e^709.
  const linear = exp(log(order * sampling) + t - power) + (1 - order * sampling) * exp(-power);
  return logDensity + power + log1p(-linear);
}

/** (1 + u)^a - 1 - a u >= 0, for u > -1, to full relative accuracy. */
function convexExcess(u: number, order: number): number {
  if (Math.abs(u) * order > 0.5) return expm1(order * log1p(u)) - order * u;
  let term = 0.5 * order * (order - 1) * u * u;
  let sum = term;
  for (let k = 3; Math.abs(term) > 1e-18 * sum; k++) {
    term *= ((order - k + 1) / k) * u;
    sum += term;
  }
  return sum;
}

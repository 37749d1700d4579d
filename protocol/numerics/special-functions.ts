/**
 * Normal tail functions, log-gamma and log-sum-exp in double precision, with fixed bits on every engine.
 *
 * Everything rests on Mills' ratio M(t) = (1 - Phi(t)) / phi(t): tails far below the smallest double keep their relative
 * accuracy as logarithms. Two expansions are used, each where all its terms are positive: the series of the normal
 * integral (Abramowitz and Stegun 26.2.11) and the continued fraction of its tail (26.2.14).
 */
import { exp, expm1, log, log1p } from './elementary.js';

const SQRT_HALF_PI = 1.25331413731550025121;
const LOG_SQRT_TWO_PI = 0.91893853320467274178;
const INVERSE_SQRT_PI = 0.56418958354775628695;
const SQRT_TWO = Math.SQRT2;
/** Where the continued fraction takes over from the series: both are right to about 1e-15 there. */
const TAIL_START = 1.5;

/** sum of t^(2n+1) / (1 3 5 ... (2n+1)), that is (Phi(t) - 1/2) / phi(t). t in [0, TAIL_START]. */
function centralSeries(t: number): number {
  const square = t * t;
  let term = t;
  let sum = t;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= square / odd;
    sum += term;
  }
  return sum;
}

/**
 * K(t) with M(t) = 1 / (t + K(t)), t >= TAIL_START: the rest of the continued fraction t + 1/(t + 2/(t + 3/(t + ...))).
 * 1 - t M(t) = K / (t + K) then has no cancellation.
 */
function tailFraction(t: number): number {
  // The error falls like exp(-2 t sqrt(2 n)); 360 / t^2 levels leave about 1e-23 everywhere.
  let fraction = t;
  for (let level = Math.ceil(12 + 360 / (t * t)); level >= 2; level--) fraction = t + level / fraction;
  return 1 / fraction;
}

/** e^(x^2 / 2) without the rounding of the square, which a large x would blow up. */
function expHalfSquare(x: number, sign: 1 | -1): number {
  const head = Math.fround(x);
  return exp(sign * 0.5 * head * head) * exp(sign * 0.5 * (x - head) * (x + head));
}

/** (1 - Phi(t)) / phi(t), relative error about 1e-15. Infinite below t = -37.6. */
export function millsRatio(t: number): number {
  if (t >= TAIL_START) return 1 / (t + tailFraction(t));
  if (t >= 0) return SQRT_HALF_PI * expHalfSquare(t, 1) - centralSeries(t);
  return 2 * SQRT_HALF_PI * expHalfSquare(t, 1) - millsRatio(-t);
}

/** 1 - t M(t) = -M'(t), for t >= 0; about 1 / t^2 for large t, without cancellation. */
export function millsSlope(t: number): number {
  if (t < TAIL_START) return 1 - t * millsRatio(t);
  const rest = tailFraction(t);
  return rest / (t + rest);
}

/** ln phi(x). */
export function logNormalDensity(x: number): number {
  return -0.5 * x * x - LOG_SQRT_TWO_PI;
}

/** ln Phi(x), relative error about 1e-15; finite for every finite x. */
export function logNormalCdf(x: number): number {
  if (x === Number.NEGATIVE_INFINITY) return x;
  if (x <= 0) return log(millsRatio(-x)) + logNormalDensity(x);
  return log1p(-normalCdf(-x));
}

/** Phi(x). Underflows to 0 below -38.5; use logNormalCdf there. */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - normalCdf(-x);
  if (x === Number.NEGATIVE_INFINITY) return 0;
  return millsRatio(-x) * exp(-LOG_SQRT_TWO_PI) * expHalfSquare(x, -1);
}

/** 1 - erf(x), relative error about 1e-15 down to the smallest normal double. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x > 27.3) return 0;
  const head = Math.fround(x);
  const gaussian = exp(-head * head) * exp(-(x - head) * (x + head));
  return gaussian * INVERSE_SQRT_PI * SQRT_TWO * millsRatio(x * SQRT_TWO);
}

/** x with ln Phi(x) = logProbability, for logProbability < 0. */
export function inverseNormalCdfOfLog(logProbability: number): number {
  if (logProbability === Number.NEGATIVE_INFINITY) return logProbability;
  if (!(logProbability < 0)) return logProbability === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  const LOG_HALF = -Math.LN2;
  if (logProbability > LOG_HALF) return -inverseNormalCdfOfLog(log(-expm1(logProbability)));
  // ln Phi is concave and increasing: from the second step on, Newton's iterates rise to the root and never pass it.
  let x = -Math.sqrt(-2 * (logProbability - LOG_HALF));
  for (let step = 0; step < 60; step++) {
    const next = x - (logNormalCdf(x) - logProbability) * millsRatio(-x);
    if (Math.abs(next - x) <= 4e-16 * Math.abs(next)) return next;
    x = next;
  }
  return x;
}

/** The quantile function of the standard normal distribution. probability in (0, 1). */
export function inverseNormalCdf(probability: number): number {
  return probability > 0.5 ? -inverseNormalCdfOfLog(log(1 - probability)) : inverseNormalCdfOfLog(log(probability));
}

/** x with erfc(x) = value, value in (0, 2). */
export function inverseErfc(value: number): number {
  return -inverseNormalCdf(value / 2) / SQRT_TWO;
}

/** ln Gamma(x) for x > 0, absolute error about 1e-15 max(1, |ln Gamma|). Stirling's series after shifting x above 12. */
export function logGamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  if (x === 1 || x === 2) return 0;
  let shifted = x;
  let product = 1;
  while (shifted < 12) {
    product *= shifted;
    shifted += 1;
  }
  const z = 1 / (shifted * shifted);
  const correction =
    (1 / 12 -
      z *
        (1 / 360 -
          z *
            (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - z * (691 / 360360 - z * (1 / 156 - (z * 3617) / 122400))))))) /
    shifted;
  return (shifted - 0.5) * log(shifted) - shifted + LOG_SQRT_TWO_PI + correction - log(product);
}

/** ln(e^a + e^b). */
export function logAddExp(a: number, b: number): number {
  const larger = Math.max(a, b);
  if (larger === Number.NEGATIVE_INFINITY || larger === Number.POSITIVE_INFINITY) return larger;
  return larger + log1p(exp(Math.min(a, b) - larger));
}

/** ln(e^a - e^b) for a >= b. */
export function logSubtractExp(a: number, b: number): number {
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a + logOneMinusExp(b - a);
}

/** ln(1 - e^y) for y <= 0, accurate at both ends. */
export function logOneMinusExp(y: number): number {
  return y > -Math.LN2 ? log(-expm1(y)) : log1p(-exp(y));
}

/** ln(e^y - 1) for y >= 0, without overflow. */
export function logExpMinusOne(y: number): number {
  return y > 1 ? y + log1p(-exp(-y)) : log(expm1(y));
}

/** ln of the sum of e^value over the first `length` values. -Infinity for none. */
export function logSumExp(values: ArrayLike<number>, length = values.length): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) if (values[i]! > largest) largest = values[i]!;
  if (largest === Number.NEGATIVE_INFINITY || largest === Number.POSITIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < length; i++) sum += exp(values[i]! - largest);
  return largest + log(sum);
}

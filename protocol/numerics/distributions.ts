import type { Rng } from '../method.js';
import { cosineOfTurns, exp, log, sineOfTurns } from './elementary.js';

/**
 * Draws from the usual distributions, in float64 whatever the run's precision, with the same bits on every engine.
 * Parameters out of range throw a RangeError that names the parameter.
 */

function positive(what: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new RangeError(`${what}: expected a positive finite number, got ${value}`);
}

/** A standard normal; Box-Muller, of whose pair the second half is not used. */
export function standardNormal(rng: Rng): number {
  const radius = Math.sqrt(-2 * log(1 - rng.uniform()));
  return radius * cosineOfTurns(rng.uniform());
}

/** Fills with mean + stddev * standard normals, by pairs (Box-Muller). */
export function fillNormal(rng: Rng, into: Float64Array | Float32Array, mean = 0, stddev = 1): void {
  for (let i = 0; i < into.length; i += 2) {
    const radius = stddev * Math.sqrt(-2 * log(1 - rng.uniform()));
    const turns = rng.uniform();
    into[i] = mean + radius * cosineOfTurns(turns);
    if (i + 1 < into.length) into[i + 1] = mean + radius * sineOfTurns(turns);
  }
}

/** Exponential with the given mean (rate 1 / mean). */
export function exponential(rng: Rng, mean: number): number {
  positive('exponential mean', mean);
  return -mean * log(1 - rng.uniform());
}

/** Laplace around 0: density exp(-|x| / scale) / (2 scale), variance 2 scale^2. */
export function laplace(rng: Rng, scale: number): number {
  const magnitude = exponential(rng, scale);
  return rng.below(2) === 0 ? magnitude : -magnitude;
}

/** exp(N(logMean, logStddev^2)): median exp(logMean). */
export function logNormal(rng: Rng, logMean: number, logStddev: number): number {
  if (!(logStddev >= 0)) throw new RangeError(`log-normal logStddev: expected a number >= 0, got ${logStddev}`);
  return exp(logMean + logStddev * standardNormal(rng));
}

/** Pareto: P(X > x) = (minimum / x)^exponent for x >= minimum; mean minimum exponent / (exponent - 1) above exponent 1. */
export function pareto(rng: Rng, minimum: number, exponent: number): number {
  positive('pareto minimum', minimum);
  positive('pareto exponent', exponent);
  return minimum * exp(-log(1 - rng.uniform()) / exponent);
}

/** Shape >= 1, scale 1. Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000. */
function gammaAboveOne(rng: Rng, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = standardNormal(rng);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - rng.uniform();
    if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
  }
}

/**
 * Logarithm of a Gamma(shape, scale 1) draw. For shape < 1 it is log Gamma(shape + 1) + log(U) / shape, which stays finite
 * where the draw itself underflows (shapes below about 0.01).
 */
export function logGammaDraw(rng: Rng, shape: number): number {
  positive('gamma shape', shape);
  if (shape >= 1) return log(gammaAboveOne(rng, shape));
  return log(gammaAboveOne(rng, shape + 1)) + log(1 - rng.uniform()) / shape;
}

/** Gamma with mean shape * scale and variance shape * scale^2. Underflows to 0 for tiny shapes: see `logGammaDraw`. */
export function gamma(rng: Rng, shape: number, scale = 1): number {
  positive('gamma scale', scale);
  return scale * (shape >= 1 ? gammaAboveOne(rng, shape) : exp(logGammaDraw(rng, shape)));
}

/** Student's t: normal / sqrt(chi-square / degrees). Variance degrees / (degrees - 2) above 2 degrees of freedom. */
export function studentT(rng: Rng, degrees: number): number {
  const normal = standardNormal(rng);
  return normal / Math.sqrt((2 * gamma(rng, degrees / 2)) / degrees);
}

/**
 * Symmetric alpha-stable of scale 1: E exp(i t X) = exp(-|t|^alpha), alpha in (0, 2]. 2 is N(0, 2), 1 is Cauchy; below 2 the
 * variance is infinite, at 1 and below there is no mean. Chambers, Mallows and Stuck, "A method for simulating stable random
 * variables", JASA 71, 1976; from memory.
 */
export function symmetricStable(rng: Rng, alpha: number): number {
  if (!(alpha > 0 && alpha <= 2)) throw new RangeError(`stable alpha: expected a number in (0, 2], got ${alpha}`);
  for (;;) {
    // U = 2 pi turns, uniform in (-pi / 2, pi / 2); at its ends the formula divides by 0.
    const turns = (rng.uniform() - 0.5) / 2;
    const waiting = exponential(rng, 1);
    const cosine = cosineOfTurns(turns);
    if (!(cosine > 0 && waiting > 0)) continue;
    const power = log(cosineOfTurns((1 - alpha) * turns) / waiting);
    return sineOfTurns(alpha * turns) * exp(((1 - alpha) * power - log(cosine)) / alpha);
  }
}

/**
 * Shares that sum to 1, Dirichlet(concentrations). Gammas are normalised in log space, so that at least one share is
 * positive however small the concentrations are.
 */
export function dirichlet(rng: Rng, concentrations: ArrayLike<number>): Float64Array {
  const shares = new Float64Array(concentrations.length);
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < shares.length; i++) {
    const value = logGammaDraw(rng, concentrations[i]!);
    shares[i] = value;
    if (value > largest) largest = value;
  }
  let total = 0;
  for (let i = 0; i < shares.length; i++) total += shares[i] = exp(shares[i]! - largest);
  for (let i = 0; i < shares.length; i++) shares[i] = shares[i]! / total;
  return shares;
}

/** Dirichlet(concentration, ..., concentration) of the given length. */
export function symmetricDirichlet(rng: Rng, concentration: number, length: number): Float64Array {
  return dirichlet(rng, new Float64Array(length).fill(concentration));
}

/** Index drawn with probability proportional to `weights` (non-negative, not all zero). */
export function categorical(rng: Rng, weights: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i]!;
  positive('categorical total weight', total);
  let left = rng.uniform() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight <= 0) continue;
    if (left < weight) return i;
    left -= weight;
    last = i;
  }
  return last;
}

/**
 * The distributed discrete Gaussian: Kairouz, Liu, Steinke, "The Distributed Discrete Gaussian Mechanism for Federated
 * Learning with Secure Aggregation", ICML 2021. Each client clips, rotates, rounds to a grid, adds its share of discrete
 * noise and sends residues; only their sum modulo 2^bits is seen. The pipeline follows a reference implementation; the
 * privacy bound (its Theorem 5) is reconstructed, not checked against the paper.
 */

import { GradswarmError } from '../../errors.js';
import type { ReadonlyVector, Rng } from '../../method.js';
import { exp } from '../../numerics/elementary.js';
import { inverseErfc } from '../../numerics/special-functions.js';
import { equivalentNoiseMultiplier } from '../accounting/zcdp.js';
import { centerResidues, toResidues } from '../secure-sum/secure-aggregation.js';
import type { NoiseSource } from './noise-source.js';

export interface DistributedDiscreteGaussian {
  /** c: L2 radius of one client's vector. */
  readonly clippingRadius: number;
  /** gamma: distance of grid points, in units of the vector. */
  readonly gridStep: number;
  /** sigma: stddev of the noise on the sum, in units of the vector. Each of n clients adds stddev sigma / sqrt(n). */
  readonly noiseStddev: number;
  readonly clientCount: number;
  /** Residues are modulo 2^bits. */
  readonly bits: number;
}

/** beta of the conditional rounding: a rounding is taken when its norm is below a bound that it misses at most so often. */
const ROUNDING_FAILURE_LOG = 0.5;
const TWO_PI_SQUARED = 19.739208802178716;

/** Smallest power of two at least `length`. */
export function rotatedLength(length: number): number {
  let padded = 1;
  while (padded < length) padded *= 2;
  return padded;
}

/** Walsh-Hadamard transform divided by sqrt(length), in place: orthogonal, and its own inverse. length: a power of two. */
export function walshHadamard(values: Float64Array): Float64Array {
  const { length } = values;
  for (let half = 1; half < length; half *= 2) {
    for (let start = 0; start < length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const a = values[i]!;
        const b = values[i + half]!;
        values[i] = a + b;
        values[i + half] = a - b;
      }
    }
  }
  const factor = 1 / Math.sqrt(length);
  for (let i = 0; i < length; i++) values[i] = values[i]! * factor;
  return values;
}

/** Public random signs: the same for all clients of a round, from its shared stream. */
function signs(shared: Rng, length: number): Uint32Array {
  return shared.derive('rotation').words(new Uint32Array(length));
}

/** Sign flips, then Walsh-Hadamard: spreads any vector evenly over the coordinates. Padded to a power of two. */
export function rotate(value: ReadonlyVector, shared: Rng): Float64Array {
  const result = new Float64Array(rotatedLength(value.length));
  const flips = signs(shared, result.length);
  for (let i = 0; i < value.length; i++) result[i] = flips[i]! & 1 ? -value[i]! : value[i]!;
  return walshHadamard(result);
}

/** Undoes `rotate`: the first `length` coordinates. */
export function rotateBack(rotated: Float64Array, length: number, shared: Rng): Float64Array {
  const result = walshHadamard(rotated.slice());
  const flips = signs(shared, result.length);
  for (let i = 0; i < result.length; i++) if (flips[i]! & 1) result[i] = -result[i]!;
  return result.subarray(0, length);
}

/**
 * L2 bound of a rounded vector, in units of the vector: sqrt of
 * min{ c^2 + gamma^2 d/4 + sqrt(2 ln(1/beta)) gamma (c + gamma sqrt(d)/2), (c + gamma sqrt(d))^2 }, beta = e^(-1/2).
 */
export function roundedNormBound(clippingRadius: number, gridStep: number, length: number): number {
  const root = Math.sqrt(length);
  const certain = clippingRadius + gridStep * root;
  const likely =
    clippingRadius * clippingRadius +
    (gridStep * gridStep * length) / 4 +
    Math.sqrt(2 * ROUNDING_FAILURE_LOG) * gridStep * (clippingRadius + (gridStep * root) / 2);
  return Math.min(certain, Math.sqrt(likely));
}

/** Each entry, in grid units, up or down at random with the right mean; drawn again until the norm is below `bound`. */
export function conditionalRounding(
  values: Float64Array,
  bound: number,
  source: Pick<NoiseSource, 'coin'>,
): Float64Array {
  const result = new Float64Array(values.length);
  const limit = bound * bound * (1 + 1e-12);
  for (let attempt = 0; attempt < 10_000; attempt++) {
    let square = 0;
    for (let i = 0; i < values.length; i++) {
      const down = Math.floor(values[i]!);
      const rounded = source.coin(values[i]! - down) ? down + 1 : down;
      result[i] = rounded;
      square += rounded * rounded;
    }
    if (square <= limit) return result;
  }
  throw new GradswarmError(
    'ERR_PRIVACY',
    `distributed discrete Gaussian: no rounding of 10,000 stayed below the norm ${bound}; was the vector clipped?`,
  );
}

/** What one client sends: residues of its clipped, rotated, rounded and noised vector. `value` is clipped here. */
export function encodeClientVector(
  value: ReadonlyVector,
  mechanism: DistributedDiscreteGaussian,
  shared: Rng,
  source: NoiseSource,
): Uint32Array {
  const { clippingRadius, gridStep, noiseStddev, clientCount, bits } = mechanism;
  const rotated = rotate(value, shared);
  let square = 0;
  for (let i = 0; i < rotated.length; i++) square += rotated[i]! * rotated[i]!;
  const norm = Math.sqrt(square);
  const factor = Number.isFinite(norm) ? Math.min(1, clippingRadius / (norm || 1)) / gridStep : 0;
  for (let i = 0; i < rotated.length; i++) rotated[i] = factor === 0 ? 0 : rotated[i]! * factor;
  const bound = roundedNormBound(clippingRadius, gridStep, rotated.length) / gridStep;
  const integers = conditionalRounding(rotated, bound, source);
  if (noiseStddev > 0) {
    const noise = source.discreteGaussian(integers.length, noiseStddev / (gridStep * Math.sqrt(clientCount)));
    for (let i = 0; i < integers.length; i++) integers[i] = integers[i]! + noise[i]!;
  }
  return toResidues(integers, bits);
}

/** The sum of the clients' vectors from the sum of their residues. */
export function decodeSum(
  residues: Uint32Array,
  length: number,
  { gridStep, bits }: DistributedDiscreteGaussian,
  shared: Rng,
): Float64Array {
  const scaled = Float64Array.from(centerResidues(residues, bits), (integer) => integer * gridStep);
  return rotateBack(scaled, length, shared);
}

/**
 * The grid step at which a coordinate of the sum wraps around with at most the given probability, after rotation:
 * 2^bits = 2 k sqrt(rho (c n)^2 / d + (gamma^2 / 4 + sigma^2) n) / gamma with k = sqrt(2) erfcinv(probability), rho = 1, and
 * sigma^2 n the variance of the whole noise. length: after padding.
 */
export function gridStepForBits(
  settings: Omit<DistributedDiscreteGaussian, 'gridStep'>,
  length: number,
  wrapProbability = 1e-4,
): number {
  const { clippingRadius, noiseStddev, clientCount, bits } = settings;
  const k = Math.SQRT2 * inverseErfc(wrapProbability);
  const sumBound = clippingRadius * clientCount;
  const signal = (sumBound * sumBound) / length;
  // 2^(2 bits) gamma^2 = 4 k^2 (signal + noise + gamma^2 n / 4), solved for gamma.
  const room = 4 ** bits - k * k * clientCount;
  if (!(room > 0))
    throw new GradswarmError(
      'ERR_PRIVACY',
      `distributed discrete Gaussian: ${bits} bits are too few for the rounding of ${clientCount} clients; use more`,
    );
  return 2 * k * Math.sqrt((signal + noiseStddev * noiseStddev) / room);
}

/**
 * rho of zero-concentrated differential privacy, add-remove: epsilon^2 / 2 with
 * epsilon = min{ sqrt(D^2 / (n s^2) + tau d / 2), D / (sqrt(n) s) + tau sqrt(d) }, D the rounded norm bound and s one
 * client's noise, both in grid units; tau = 10 sum_{k=1}^{n-1} e^(-2 pi^2 s^2 k / (k + 1)) pays for a sum of discrete
 * Gaussians not being one. Reconstructed, not checked against the paper.
 */
export function distributedDiscreteGaussianRho(mechanism: DistributedDiscreteGaussian, length: number): number {
  const { clippingRadius, gridStep, noiseStddev, clientCount } = mechanism;
  if (noiseStddev === 0) return Number.POSITIVE_INFINITY;
  const ratio = roundedNormBound(clippingRadius, gridStep, length) / noiseStddev;
  const local = noiseStddev / (gridStep * Math.sqrt(clientCount));
  let tau = 0;
  for (let k = 1; k < clientCount; k++) tau += 10 * exp((-TWO_PI_SQUARED * local * local * k) / (k + 1));
  const epsilon = Math.min(Math.sqrt(ratio * ratio + (tau * length) / 2), ratio + tau * Math.sqrt(length));
  return (epsilon * epsilon) / 2;
}

/** The noise multiplier of the Gaussian release of equal rho: what the ledger has of each client. `length`: of the value, before it is rotated. */
export function distributedNoiseMultiplier(mechanism: DistributedDiscreteGaussian, length: number): number {
  return equivalentNoiseMultiplier(distributedDiscreteGaussianRho(mechanism, rotatedLength(length)));
}

import { exp, log } from '../../../numerics/elementary.js';
import type { GridLosses } from './grid-losses.js';

/** One kind of release and how often it is made. */
export interface RepeatedLosses {
  readonly losses: GridLosses;
  readonly count: number;
}

/** ln of the sum over finite losses l of mass e^(order l), by Horner's rule from the end where the terms are small. */
export function cumulant({ losses }: Pick<RepeatedLosses, 'losses'>, order: number): number {
  const { masses, spacing, first, shift } = losses;
  const last = masses.length - 1;
  const ratio = exp(-Math.abs(order) * spacing);
  let sum = 0;
  if (order >= 0) for (let i = 0; i <= last; i++) sum = sum * ratio + masses[i]!;
  else for (let i = last; i >= 0; i--) sum = sum * ratio + masses[i]!;
  return log(sum) + order * ((first + (order >= 0 ? last : 0)) * spacing + shift);
}

/** That of the sum of all releases' losses. */
export function composedCumulant(releases: readonly RepeatedLosses[], order: number): number {
  return releases.reduce((sum, release) => sum + release.count * cumulant(release, order), 0);
}

const LARGEST_TILT = 2 ** 12;
const SMALLEST_TILT = 2 ** -12;

/**
 * The order at which Chernoff's bound on delta is best: (K(order) + ln(1/delta)) / order is smallest there. Tilted by it, the
 * losses of the composition gather about the epsilon in question, so that an error of the transform is one relative to delta.
 */
export function bestTilt(releases: readonly RepeatedLosses[], logDelta: number): number {
  const bound = (order: number) => (composedCumulant(releases, order) - logDelta) / order;
  // Golden section on the logarithm: the bound falls, then rises.
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = Math.log2(SMALLEST_TILT);
  let high = Math.log2(LARGEST_TILT);
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let atLeft = bound(powerOfTwo(left));
  let atRight = bound(powerOfTwo(right));
  while (high - low > 0.02) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = bound(powerOfTwo(left));
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = bound(powerOfTwo(right));
    }
  }
  return powerOfTwo((low + high) / 2);
}

function powerOfTwo(exponent: number): number {
  return exp(exponent * Math.LN2);
}

/** Variance of the tilted sum, from the losses themselves. */
function tiltedVariance(releases: readonly RepeatedLosses[], order: number): number {
  let total = 0;
  for (const { losses, count } of releases) {
    const { masses, spacing, first } = losses;
    // Weights relative to the largest, in one pass with shifted sums.
    const norm = cumulant({ losses }, order) - order * losses.shift;
    let weight = 0;
    let mean = 0;
    let square = 0;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i] === 0) continue;
      const loss = (first + i) * spacing;
      const mass = masses[i]! * exp(order * loss - norm);
      weight += mass;
      mean += mass * loss;
      square += mass * loss * loss;
    }
    mean /= weight;
    total += count * Math.max(0, square / weight - mean * mean);
  }
  return total;
}

/** Where nearly all of the tilted sum is, with Chernoff's bounds on the tilted mass outside. */
export interface Window {
  readonly low: number;
  readonly high: number;
  readonly massBelow: number;
  readonly massAbove: number;
}

/** Orders of Chernoff's bound, in units of its best one for a Gaussian. */
const CHERNOFF_ORDERS = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1 / Math.SQRT2, 1, Math.SQRT2, 2, 4];

/** The narrowest window found that leaves out `outside` of the tilted mass on either side. */
export function tiltedWindow(releases: readonly RepeatedLosses[], tilt: number, outside: number): Window {
  const norm = composedCumulant(releases, tilt);
  const deviation = Math.sqrt(tiltedVariance(releases, tilt));
  const logOutside = log(outside);
  const ends = { low: 0, high: 0 };
  for (const { losses, count } of releases) {
    ends.low += count * (losses.first * losses.spacing + losses.shift);
    ends.high += count * ((losses.first + losses.masses.length - 1) * losses.spacing + losses.shift);
  }
  let low = ends.low;
  let high = ends.high;
  if (deviation > 0) {
    for (const factor of CHERNOFF_ORDERS) {
      const order = (factor * Math.sqrt(-2 * logOutside)) / deviation;
      high = Math.min(high, (composedCumulant(releases, tilt + order) - norm - logOutside) / order);
      low = Math.max(low, -(composedCumulant(releases, tilt - order) - norm - logOutside) / order);
    }
  }
  // Twice: the sums of the cumulants are rounded.
  return {
    low,
    high,
    massBelow: low > ends.low ? 2 * outside : 0,
    massAbove: high < ends.high ? 2 * outside : 0,
  };
}

/**
 * Epsilon of a composition of sampled Gaussians from its privacy loss distribution, between two proven bounds. The grid is
 * refined until the bounds are close enough.
 *
 * What is proven rests on doubles with IEEE 754 arithmetic and on the elementary functions of this project, whose errors (below
 * one unit in the last place) the margins of the sums cover many times over.
 */
import { exp, log } from '../../../numerics/elementary.js';
import { composedCurve, type PrivacyCurve, transformSize } from './composition.js';
import { bestTilt, type RepeatedLosses, tiltedWindow } from './cumulants.js';
import { type GridLosses, optimisticLosses, pessimisticLosses } from './grid-losses.js';
import { type LossBins, lossBins, lossRange, type Neighbours, type SampledGaussian, type Tails } from './loss-bins.js';

export interface RepeatedGaussian extends SampledGaussian {
  readonly count: number;
}

export interface LossDistributionOptions {
  /** Gap between the bounds to aim for, relative to epsilon. */
  readonly tolerance?: number;
  /**
   * An event of at most this probability under either neighbour after which nothing is promised, such as a batch that was cut:
   * (1 + e^epsilon) of it is added to delta.
   */
  readonly failure?: number;
  /** A first guess, as from Renyi orders: it only sets the first grid. */
  readonly guess?: number;
}

export interface LossDistributionBounds {
  /** Proven: epsilon is not above. Infinity when nothing is proven, as without noise. */
  readonly epsilon: number;
  /** Proven: no smaller epsilon holds for the worst case. 0 for replace-one with sampling, whose pair bounds more than there is. */
  readonly lowerEpsilon: number;
  /** Spacing of the grid of losses. */
  readonly gridSpacing: number;
  /** What delta was charged for losses cut off as infinite, and for rounding of the transform, at this epsilon. */
  readonly truncatedDelta: number;
  readonly transformNoise: number;
}

const TOLERANCE = 1e-3;
const SMALLEST_TOLERATED = 1e-6;
/** Share of delta that losses beyond the grid may take. */
const TRUNCATED_SHARE = 1e-7;
/** Tilted mass left outside the window of the transform, on either side. */
const OUTSIDE = 1e-10;
const MOST_POINTS = 2 ** 20;
const MOST_BINS = 2 ** 20;
const MOST_GRIDS = 5;
/** With less noise than that epsilon is in the hundreds at least, and Renyi orders are as good. */
const LEAST_NOISE = 2 ** -6;
const COARSEST_SPACING = 2 ** -2;
const FINEST_SPACING = 2 ** -40;

const NOTHING_PROVEN: LossDistributionBounds = {
  epsilon: Number.POSITIVE_INFINITY,
  lowerEpsilon: 0,
  gridSpacing: 0,
  truncatedDelta: 0,
  transformNoise: 0,
};

/** Releases without sampling compose to one Gaussian. */
function merged(releases: readonly RepeatedGaussian[]): readonly RepeatedGaussian[] {
  const sampled: RepeatedGaussian[] = [];
  let precision = 0;
  for (const { sampling, noiseMultiplier, count } of releases) {
    if (sampling === 0 || count === 0 || noiseMultiplier === Number.POSITIVE_INFINITY) continue;
    if (sampling < 1) sampled.push({ sampling, noiseMultiplier, count });
    // Rounded up, since the square root and the sum are not exact.
    else precision += (count / noiseMultiplier / noiseMultiplier) * (1 + 2 ** -48);
  }
  if (precision > 0) sampled.push({ sampling: 1, noiseMultiplier: 1 / Math.sqrt(precision), count: 1 });
  return sampled;
}

/** Bounds on epsilon at `delta`; for 'add-remove' those of the worse direction. */
export function lossDistributionEpsilon(
  releases: readonly RepeatedGaussian[],
  delta: number,
  adjacency: 'add-remove' | 'replace-one' = 'add-remove',
  options: LossDistributionOptions = {},
): LossDistributionBounds {
  const spending = merged(releases);
  if (spending.length === 0 && (options.failure ?? 0) === 0) return { ...NOTHING_PROVEN, epsilon: 0 };
  if (spending.some(({ noiseMultiplier }) => noiseMultiplier < LEAST_NOISE)) return NOTHING_PROVEN;
  const symmetric = spending.every(({ sampling }) => sampling === 1);
  if (symmetric) return oneWay(spending, 'remove', delta, options);
  if (adjacency === 'replace-one') return oneWay(spending, 'replace', delta, options);
  const remove = oneWay(spending, 'remove', delta, options);
  const add = oneWay(spending, 'add', delta, { ...options, guess: remove.epsilon }, remove.lowerEpsilon);
  const worse = add.epsilon > remove.epsilon ? add : remove;
  return { ...worse, lowerEpsilon: Math.max(add.lowerEpsilon, remove.lowerEpsilon) };
}

/** `enough`: an upper bound at or below it needs no finer grid, since the other direction is worse. */
function oneWay(
  releases: readonly RepeatedGaussian[],
  neighbours: Neighbours,
  delta: number,
  { tolerance = TOLERANCE, failure = 0, guess = 1 }: LossDistributionOptions,
  enough = 0,
): LossDistributionBounds {
  const total = releases.reduce((sum, { count }) => sum + count, 0);
  const logAbove = log(delta) + log(TRUNCATED_SHARE / total);
  const tails: Tails = { logBelow: Math.min(logAbove, log(1e-12 / total)), logAbove };
  let spacing = firstSpacing(releases, neighbours, tails, total, -log(delta) / Math.max(guess, 0.1), guess * tolerance);
  let best = NOTHING_PROVEN;
  let usable = Number.POSITIVE_INFINITY;
  for (let grids = 0; grids < MOST_GRIDS; grids++) {
    const found = onGrid(releases, neighbours, spacing, tails, delta, failure);
    if (found === null) {
      // Too fine for the transform: the next coarser one, unless that has been tried.
      spacing *= 2;
      if (spacing >= usable || spacing > COARSEST_SPACING) return best;
      continue;
    }
    usable = spacing;
    const lowerEpsilon = Math.max(best.lowerEpsilon, found.lowerEpsilon);
    const gained = best.epsilon - found.epsilon;
    best = { ...(found.epsilon < best.epsilon ? found : best), lowerEpsilon };
    // 'replace' has no lower bound: there the last refinement's gain stands for the gap.
    const gap = neighbours === 'replace' ? gained : best.epsilon - lowerEpsilon;
    const tolerated = Math.max(SMALLEST_TOLERATED, tolerance * best.epsilon);
    if (!(gap > tolerated) || best.epsilon <= enough) return best;
    // The gap falls with the square of the spacing.
    const factor = Number.isFinite(gap) ? Math.ceil(Math.log2(Math.sqrt(gap / tolerated))) : 2;
    spacing /= 2 ** Math.min(4, Math.max(1, factor));
  }
  return best;
}

/** Connecting the dots adds about total (1 + tilt) spacing^2 / 12 to epsilon. */
function firstSpacing(
  releases: readonly RepeatedGaussian[],
  neighbours: Neighbours,
  tails: Tails,
  total: number,
  tilt: number,
  tolerated: number,
): number {
  const aimed = Math.sqrt((6 * Math.max(SMALLEST_TOLERATED, tolerated)) / (total * (1 + tilt)));
  const widest = Math.max(...releases.map((release) => rangeOf(lossRange(release, neighbours, tails))));
  const spacing = Math.min(COARSEST_SPACING, Math.max(aimed, widest / MOST_BINS, FINEST_SPACING));
  return 2 ** Math.floor(Math.log2(spacing));
}

function rangeOf([low, high]: readonly [number, number]): number {
  return high - low;
}

/** Null when the grid would be too large. */
function onGrid(
  releases: readonly RepeatedGaussian[],
  neighbours: Neighbours,
  spacing: number,
  tails: Tails,
  delta: number,
  failure: number,
): LossDistributionBounds | null {
  for (const release of releases) if (rangeOf(lossRange(release, neighbours, tails)) / spacing > MOST_BINS) return null;
  const bins = releases.map((release) => lossBins(release, neighbours, spacing, tails));
  const repeatedOf = (form: (bins: LossBins) => GridLosses): readonly RepeatedLosses[] =>
    bins.map((of, i) => ({ losses: form(of), count: releases[i]!.count }));
  const pessimistic = repeatedOf(pessimisticLosses);
  const tilt = bestTilt(pessimistic, log(delta));
  const above = curveOf(pessimistic, tilt, 1);
  if (above === null) return null;
  const optimistic = neighbours === 'replace' ? [] : repeatedOf((of) => optimisticLosses(of, tilt));
  const below = neighbours === 'replace' ? null : curveOf(optimistic, tilt, -1);
  const epsilon = smallestEpsilon(above, (delta - failure) * (1 - 1e-12), failure);
  return {
    epsilon,
    lowerEpsilon: below === null ? 0 : largestExceeded(below, delta * (1 + 1e-12), failure, epsilon),
    gridSpacing: spacing,
    truncatedDelta: pessimistic.reduce((sum, { losses, count }) => sum + count * losses.infinity, 0),
    transformNoise: Number.isFinite(epsilon) ? above.noise(epsilon) : 0,
  };
}

function curveOf(releases: readonly RepeatedLosses[], tilt: number, sign: 1 | -1): PrivacyCurve | null {
  const window = tiltedWindow(releases, tilt, OUTSIDE);
  const fits = transformSize(window, releases[0]!.losses.spacing) <= MOST_POINTS;
  return fits ? composedCurve(releases, tilt, window, sign) : null;
}

/** e^epsilon of a failure; e^epsilon may be beyond all doubles where there is none. */
function ofFailure(failure: number, epsilon: number): number {
  return failure === 0 ? 0 : failure * exp(epsilon);
}

/** The smallest epsilon, to 1e-12, at which the upper curve is at or below the target. */
function smallestEpsilon(curve: PrivacyCurve, target: number, failure: number): number {
  const holds = (epsilon: number) => curve.delta(epsilon) + ofFailure(failure, epsilon) <= target;
  if (holds(curve.lowest)) return curve.lowest;
  let low = curve.lowest;
  // With failures the sum has a minimum: the curve's end may be too far.
  let high = curve.highest;
  if (!holds(high)) {
    const steps = 256;
    let found = false;
    for (let i = 1; i < steps && !found; i++) {
      const epsilon = curve.lowest + ((curve.highest - curve.lowest) * i) / steps;
      if (holds(epsilon)) [high, found] = [epsilon, true];
      else low = epsilon;
    }
    if (!found) return Number.POSITIVE_INFINITY;
  }
  for (let i = 0; i < 64 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * An epsilon, the largest found, at which the lower curve is still above the target: every epsilon that holds is larger. Far
 * below `upper` the curve loses more to the mass outside its window than it has, so the search starts from there.
 */
function largestExceeded(curve: PrivacyCurve, target: number, failure: number, upper: number): number {
  const exceeds = (epsilon: number) => curve.delta(epsilon) - failure - ofFailure(failure, epsilon) > target;
  let high = Math.min(upper, curve.highest);
  let low = high;
  for (let step = 2 ** -14; !exceeds(low); step *= 2) {
    if (low <= curve.lowest) return 0;
    high = low;
    low = Math.max(curve.lowest, low - step * upper);
  }
  for (let i = 0; i < 64 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (exceeds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

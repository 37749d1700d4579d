/**
 * A privacy loss distribution on a grid, in two forms: one whose curve delta(epsilon) is nowhere below the true one, and one
 * whose curve is nowhere above it. Both stay so under composition, and rounding is on the right side in each.
 */
import { exp, expm1, log } from '../../../numerics/elementary.js';
import type { LossBins } from './loss-bins.js';

export interface GridLosses {
  readonly spacing: number;
  /** masses[i] is the mass at a loss of (first + i) spacing + shift. */
  readonly first: number;
  readonly shift: number;
  readonly masses: Float64Array;
  /** Mass at an infinite loss. */
  readonly infinity: number;
}

/** Beyond this, e^loss is not looked at: all mass of a bin goes to its end. */
const LARGEST_LOSS = 600;
const SHIFTS = 2 ** 14;

/**
 * Connect the dots: the mass of a bin goes to its two ends so that P and Q keep theirs, which makes delta exact at the grid
 * and linear in e^epsilon between, above the convex curve. Mass below the grid moves up to it, mass above it to infinity.
 * Source: Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, "Connect the Dots: Tighter Discrete Approximations of Privacy Loss
 * Distributions", PETS 2022.
 *
 * Rounding: every mass is made larger by its error, and the share that goes to the higher end too, so that at every loss no
 * less mass lies above than should. delta is monotone in that.
 */
export function pessimisticLosses(bins: LossBins): GridLosses {
  const { spacing, first, upper, lower, relativeError } = bins;
  const masses = new Float64Array(upper.length + 1);
  masses[0] = bins.below * (1 + relativeError);
  const share = -expm1(-spacing);
  for (let i = 0; i < upper.length; i++) {
    const mass = upper[i]! * (1 + relativeError);
    const loss = (first + i) * spacing;
    let high = mass;
    if (Math.abs(loss) < LARGEST_LOSS) {
      const unshifted = lower[i]! * exp(loss) * (1 - relativeError);
      high = Math.min(mass, Math.max(0, (mass - unshifted) / share) * (1 + 2 ** -48));
    }
    masses[i] = masses[i]! + (mass - high);
    masses[i + 1] = masses[i + 1]! + high;
  }
  if (bins.atZero > 0) masses[-first] = masses[-first]! + bins.atZero + relativeError;
  return { spacing, first, shift: 0, masses, infinity: bins.above * (1 + relativeError) };
}

/**
 * Merging the outcomes of a bin into one is post-processing, after which the loss there is the ratio of the two masses, near
 * the bin's middle. The grid is shifted to lie just below most of these, and every one rounded down to it. Mass below the grid
 * is left out; what is above stays at its end.
 */
export function optimisticLosses(bins: LossBins, tilt: number): GridLosses {
  const { spacing, first, upper, lower, relativeError } = bins;
  const highest = heaviest(bins, tilt);
  const offsets = new Float64Array(upper.length);
  const byOffset = new Float64Array(SHIFTS + 1);
  let total = 0;
  for (let i = 0; i < upper.length; i++) {
    const merged = lower[i]! > 0 && upper[i]! > 0 ? log(upper[i]! / lower[i]!) - 3 * relativeError : 0;
    const offset = merged - (first + i) * spacing;
    offsets[i] = offset > 0 && offset <= spacing ? offset : 0;
    const bucket = Math.floor((offsets[i]! / spacing) * SHIFTS);
    const weight = upper[i]! * exp(tilt * (first + i) * spacing - highest);
    byOffset[bucket] = byOffset[bucket]! + weight;
    total += weight;
  }
  // Mass whose offset is smaller than the shift loses one spacing.
  let best = 0;
  let bestGain = 0;
  let smaller = 0;
  for (let candidate = 1; candidate <= SHIFTS; candidate++) {
    smaller += byOffset[candidate - 1]!;
    const gain = (candidate / SHIFTS) * total - smaller;
    if (gain > bestGain) [best, bestGain] = [candidate, gain];
  }
  const shift = (best / SHIFTS) * spacing;
  const masses = new Float64Array(upper.length + 2);
  for (let i = 0; i < upper.length; i++) {
    const place = offsets[i]! >= shift ? i + 1 : i;
    masses[place] = masses[place]! + upper[i]! * (1 - relativeError);
  }
  const top = upper.length + (shift > 0 ? 0 : 1);
  masses[top] = masses[top]! + bins.above * (1 - relativeError);
  return { spacing, first: first - 1, shift, masses, infinity: 0 };
}

/** The largest ln(mass e^(tilt loss)) there could be: only a scale for weights. */
function heaviest({ first, upper, spacing }: LossBins, tilt: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < upper.length; i++) {
    if (upper[i]! > 0) highest = Math.max(highest, log(upper[i]!) + tilt * (first + i) * spacing);
  }
  return highest;
}

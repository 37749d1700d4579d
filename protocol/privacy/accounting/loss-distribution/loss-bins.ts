import { type Direction, endOf, SampledGaussianLosses } from './sampled-gaussian-losses.js';

/** Bins of a grid of privacy losses, and what both distributions of a pair have in them. */
export interface LossBins {
  readonly spacing: number;
  /** Bin i holds losses from (first + i) spacing to (first + i + 1) spacing. */
  readonly first: number;
  /** Mass of P and of Q by bin. */
  readonly upper: Float64Array;
  readonly lower: Float64Array;
  /** Mass of P below the first bin and above the last. */
  readonly below: number;
  readonly above: number;
  /** Mass of P, and of Q, at a loss of exactly 0. */
  readonly atZero: number;
  /** Relative error of every mass, from rounding. */
  readonly relativeError: number;
}

/** What a bin grid is cut to: logarithms of the mass of P that may lie outside, below and above. */
export interface Tails {
  readonly logBelow: number;
  readonly logAbove: number;
}

/** Which neighbours a curve is about: one direction of add-remove, or both ways of replace-one at once. */
export type Neighbours = Direction | 'replace';

export interface SampledGaussian {
  readonly sampling: number;
  readonly noiseMultiplier: number;
}

/** Losses outside of which P has no more than `tails`. */
export function lossRange({ sampling, noiseMultiplier }: SampledGaussian, neighbours: Neighbours, tails: Tails) {
  const of = (direction: Direction) =>
    new SampledGaussianLosses(sampling, noiseMultiplier, direction).range(tails.logBelow, tails.logAbove);
  if (neighbours !== 'replace') return of(neighbours);
  return [Math.min(0, of('add')[0]), Math.max(0, of('remove')[1])] as const;
}

/**
 * The bins of a sampled Gaussian. With 'replace', losses above 0 are those of 'remove', losses below 0 those of 'add', and the
 * rest of the mass has no loss: for a batch in which one record is replaced with probability q, advanced joint convexity
 * bounds the curve at e^epsilon >= 1 by that of (1 - q) N(0) + q N(1) against N(0), at 1 and below by its mirror image.
 * Source: Balle, Barthe, Gaboardi, "Privacy Amplification by Subsampling", 2018, Theorem 2; Zhu, Dong, Wang 2022, App. F.
 */
export function lossBins(release: SampledGaussian, neighbours: Neighbours, spacing: number, tails: Tails): LossBins {
  const [lowest, highest] = lossRange(release, neighbours, tails);
  const first = Math.floor(lowest / spacing);
  const count = Math.max(1, Math.ceil(highest / spacing) - first);
  if (neighbours !== 'replace') return binsOf(release, neighbours, spacing, first, count);
  const gains = binsOf(release, 'remove', spacing, 0, Math.max(1, first + count));
  const losses = binsOf(release, 'add', spacing, Math.min(-1, first), -Math.min(-1, first));
  const massOf = (bins: LossBins) => bins.below + bins.above + bins.upper.reduce((sum, mass) => sum + mass, 0);
  const joined = (a: Float64Array, b: Float64Array) => {
    const all = new Float64Array(a.length + b.length);
    all.set(a);
    all.set(b, a.length);
    return all;
  };
  return {
    spacing,
    first: losses.first,
    upper: joined(losses.upper, gains.upper),
    lower: joined(losses.lower, gains.lower),
    below: losses.below,
    above: gains.above,
    atZero: Math.max(0, 1 - massOf({ ...losses, above: 0 }) - massOf({ ...gains, below: 0 })),
    relativeError: Math.max(gains.relativeError, losses.relativeError),
  };
}

function binsOf(
  { sampling, noiseMultiplier }: SampledGaussian,
  direction: Direction,
  spacing: number,
  first: number,
  count: number,
): LossBins {
  const pair = new SampledGaussianLosses(sampling, noiseMultiplier, direction);
  const upper = new Float64Array(count);
  const lower = new Float64Array(count);
  const start = pair.bound(first * spacing);
  let from = start;
  let farthest = 0;
  for (let i = 0; i < count; i++) {
    const to = pair.bound((first + i + 1) * spacing);
    const masses = pair.between(from, to);
    upper[i] = masses.upper;
    lower[i] = masses.lower;
    for (const bound of to) if (Number.isFinite(bound)) farthest = Math.max(farthest, Math.abs(bound));
    from = to;
  }
  return {
    spacing,
    first,
    upper,
    lower,
    below: pair.between(endOf(direction, 'below'), start).upper,
    above: pair.between(from, endOf(direction, 'above')).upper,
    atZero: 0,
    relativeError: 2 ** -52 * (32 + 4 * farthest * farthest + (8 * farthest) / noiseMultiplier),
  };
}

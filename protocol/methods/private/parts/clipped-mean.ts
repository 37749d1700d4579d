/**
 * Means of clipped per-example vectors from several workers, averaged without weights: the query that DP-GD and DIFF2
 * release. One example of worker p moves p's mean by k C / n_p, k = 2 when it is replaced and 1 when it is added or removed
 * under a public denominator, and so the average of P means by k C / (n_min P).
 */
import type { Privacy, ReadonlyVector, Vector } from '../../../method.js';
import { norm, scale } from '../../../numerics/vector.js';
import type { TrustPlacement } from './trust-placement.js';

export const ADJACENCIES = ['add-remove', 'replace-one'] as const;
export type Adjacency = (typeof ADJACENCIES)[number];

/** How a mean is released. */
export interface MeanRelease {
  readonly label: string;
  /** C. */
  readonly radius: number;
  /** Noise standard deviation over the sensitivity of what is noised; 0: no noise, and nothing is accounted. */
  readonly noiseMultiplier: number;
  readonly adjacency: Adjacency;
}

/** Norms above the radius by more than the rounding of the run's numbers are no clipped mean. */
const NORM_TOLERANCE = 1e-4;

export function exampleSensitivity(radius: number, adjacency: Adjacency, exampleCount: number): number {
  return ((adjacency === 'replace-one' ? 2 : 1) * radius) / exampleCount;
}

/** One clipped sum over all n_p examples, divided by n_p: never a mean of the means of batches, whose last weighs more. */
export function clippedMean(clippedSum: ReadonlyVector, exampleCount: number): Vector {
  return scale(1 / exampleCount, clippedSum);
}

/** n_min of a round whose noise is shared: the smallest size received; 0 when none was. Empty workers send no mean. */
export function smallestSize(sizes: Iterable<{ readonly examples: number }>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const { examples } of sizes) if (examples >= 1 && examples < smallest) smallest = examples;
  return smallest === Number.POSITIVE_INFINITY ? 0 : smallest;
}

/**
 * Does the noise cover a worker of n_p examples, so that it may send its mean? Shared noise is made for n_min: if the size
 * of a smaller worker was not received, its examples move the average by more than the noise was made for.
 */
export function isCovered(placement: TrustPlacement, exampleCount: number, smallestExampleCount: number): boolean {
  if (placement !== 'distributed') return exampleCount >= 1;
  return smallestExampleCount >= 1 && exampleCount >= smallestExampleCount;
}

/** What a worker sends in place of its mean: the mean, its noise share, or its own private mean. */
export function meanFromWorker(
  mean: ReadonlyVector,
  release: MeanRelease,
  worker: {
    readonly placement: TrustPlacement;
    readonly privacy: Privacy;
    readonly exampleCount: number;
    /** n_min over the workers of the round; needed where the noise is shared. */
    readonly smallestExampleCount: number;
    readonly shares: number;
  },
): ReadonlyVector {
  const { label, radius, noiseMultiplier, adjacency } = release;
  const { placement, privacy, exampleCount, smallestExampleCount, shares } = worker;
  if (placement === 'central' || noiseMultiplier === 0) return mean;
  const count = placement === 'local' ? exampleCount : smallestExampleCount;
  const l2Sensitivity = exampleSensitivity(radius, adjacency, count);
  const [noised] = privacy.gaussian([{ value: mean, l2Sensitivity, noiseMultiplier }], {
    label,
    unit: 'example',
    adjacency,
    sampling: 1,
    ...(placement === 'distributed' ? { shares } : {}),
  });
  return noised!;
}

/** The average of the workers' means, folded in worker order in float64. */
export class MeanOfMeans {
  private sums: Float64Array | null = null;
  private smallest = Number.POSITIVE_INFINITY;
  private workers = 0;

  /** `bound`: what no honest mean exceeds in norm. False, and not counted, when this one does. */
  add(mean: ReadonlyVector, exampleCount: number, bound: number): boolean {
    if (!(norm(mean) <= bound * (1 + NORM_TOLERANCE)) || !(exampleCount >= 1)) return false;
    const sums = (this.sums ??= new Float64Array(mean.length));
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + mean[i]!;
    this.workers++;
    this.smallest = Math.min(this.smallest, exampleCount);
    return true;
  }

  /** Means that were added. */
  get count(): number {
    return this.workers;
  }

  /** At least one mean must have been added. */
  average(): Float64Array {
    if (!this.sums) throw new RangeError('the average of no means is not defined');
    return this.sums.map((sum) => sum / this.workers);
  }

  /** The average under the coordinator's noise, scaled for the workers that did answer. */
  released(privacy: Privacy, { label, radius, noiseMultiplier, adjacency }: MeanRelease): Float64Array {
    const value = this.average();
    if (noiseMultiplier === 0) return value;
    const l2Sensitivity = exampleSensitivity(radius, adjacency, this.smallest) / this.workers;
    const [noised] = privacy.gaussian([{ value, l2Sensitivity, noiseMultiplier }], {
      label,
      unit: 'example',
      adjacency,
      sampling: 1,
    });
    return noised as Float64Array;
  }
}

import type { ReadonlyVector } from '../method.js';
import { accumulate, squaredDistance, zerosLike } from '../numerics/vector.js';
import { count, positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';

interface GeometricMedianSettings {
  /** nu: distances below it count as nu, which keeps the weights finite. Above 0. */
  readonly smoothing: number;
  /** Steps of Weiszfeld's iteration, from the zero vector. */
  readonly iterations: number;
}

/**
 * Geometric median, argmin_z sum_i |z - x_i|, by the smoothed Weiszfeld iteration (Pillutla, Kakade, Harchaoui, "Robust
 * aggregation for federated learning", 2022; defaults not checked against the paper): z <- sum w_i x_i / sum w_i with w_i = 1 / max(nu, |z - x_i|). Needs n > 2 f.
 */
function geometricMedian({ smoothing, iterations }: GeometricMedianSettings): Aggregator {
  return {
    combine(vectors) {
      let center: ReadonlyVector = new Float64Array(vectors[0]!.length);
      for (let k = 0; k < iterations; k++) center = weighted(vectors, center, smoothing);
      const result = zerosLike(vectors[0]!);
      result.set(center as Float64Array);
      return result;
    },
  };
}

function weighted(vectors: readonly ReadonlyVector[], center: ReadonlyVector, smoothing: number): Float64Array {
  const sums = new Float64Array(center.length);
  let total = 0;
  for (const vector of vectors) {
    const weight = 1 / Math.max(smoothing, Math.sqrt(squaredDistance(center, vector)));
    accumulate(sums, weight, vector);
    total += weight;
  }
  for (let j = 0; j < sums.length; j++) sums[j] = sums[j]! / total;
  return sums;
}

export default defineAggregator({
  name: 'geometric-median',
  source: 'Pillutla, Kakade, Harchaoui, "Robust aggregation for federated learning", 2022',
  settings: defineSettings({
    smoothing: positive(0.1, 'nu: distances below it count as nu, which keeps the weights finite'),
    iterations: count(3, 'Steps of the Weiszfeld iteration, from the zero vector'),
  }),
  create: geometricMedian,
});

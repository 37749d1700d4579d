import type { ReadonlyVector, Vector } from '../method.js';
import { accumulate, dot, norm, scale, subtract, zerosLike } from '../numerics/vector.js';
import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { requirePairs, requireVectors } from './parts/needs.js';

/**
 * Covariance-bound agnostic filter, CAF (Allouah, Guerraoui, Gupta, Pinot, Rizk, 2024): every vector has a weight, 1 at first.
 * While the total is above n - 2 f, weights are multiplied by 1 - t_i / max t, where t_i is the squared projection of x_i minus
 * the weighted mean on the top eigenvector of the weighted covariance. Returns the weighted mean that had the smallest top
 * eigenvalue on the way. Needs n > 2 f. The eigenvector is found among the n differences (n x n Gram matrix).
 */
function covarianceFilter({ byzantine }: { readonly byzantine: number }): Aggregator {
  return {
    combine(vectors) {
      const n = vectors.length;
      requireVectors('covariance-filter', n, 2 * byzantine + 1, '2 f + 1');
      const weights = new Float64Array(n).fill(1);
      let least = Number.POSITIVE_INFINITY;
      let result: Vector = zerosLike(vectors[0]!);
      let total = n;
      do {
        const mean = weightedMean(vectors, weights, total);
        const differences = vectors.map((vector) => subtract(vector, mean));
        const { eigenvalue, direction } = topEigenpair(differences, weights, total);
        if (eigenvalue < least) {
          least = eigenvalue;
          result = mean;
        }
        const projections = differences.map((difference) => dot(difference, direction) ** 2);
        // Only vectors that still count decide how far is far.
        const farthest = Math.max(...projections.filter((_, i) => weights[i]! > 0));
        if (!(farthest > 0)) break;
        total = 0;
        for (let i = 0; i < n; i++) {
          weights[i] = weights[i]! * Math.max(0, 1 - projections[i]! / farthest);
          total += weights[i]!;
        }
      } while (total > n - 2 * byzantine);
      return result;
    },
  };
}

function weightedMean(vectors: readonly ReadonlyVector[], weights: Float64Array, total: number): Vector {
  const sums = new Float64Array(vectors[0]!.length);
  for (const [i, vector] of vectors.entries()) accumulate(sums, weights[i]! / total, vector);
  const result = zerosLike(vectors[0]!);
  result.set(sums);
  return result;
}

/**
 * Top eigenpair of sum_i (w_i / W) u_i u_i^T by power iteration on its Gram matrix, from the heaviest column, to a relative change
 * of 1e-12 or 1,000 steps.
 */
function topEigenpair(
  differences: readonly ReadonlyVector[],
  weights: Float64Array,
  total: number,
): { readonly eigenvalue: number; readonly direction: ReadonlyVector } {
  const n = differences.length;
  const roots = Float64Array.from(weights, (weight) => Math.sqrt(weight / total));
  requirePairs(n);
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const entry = roots[i]! * roots[j]! * dot(differences[i]!, differences[j]!);
      gram[i * n + j] = entry;
      gram[j * n + i] = entry;
    }
  let heaviest = 0;
  for (let i = 1; i < n; i++) if (gram[i * n + i]! > gram[heaviest * n + heaviest]!) heaviest = i;
  let current = gram.slice(heaviest * n, (heaviest + 1) * n);
  let eigenvalue = 0;
  for (let k = 0; k < 1000; k++) {
    const length = norm(current);
    if (length === 0) return { eigenvalue: 0, direction: zerosLike(differences[0]!) };
    const unit = scale(1 / length, current) as Float64Array;
    const next = Float64Array.from({ length: n }, (_, i) => dot(gram.subarray(i * n, (i + 1) * n), unit));
    const value = dot(unit, next);
    current = next;
    if (Math.abs(value - eigenvalue) <= 1e-12 * value) {
      eigenvalue = value;
      break;
    }
    eigenvalue = value;
  }
  const direction = new Float64Array(differences[0]!.length);
  for (const [i, difference] of differences.entries()) accumulate(direction, roots[i]! * current[i]!, difference);
  const length = norm(direction);
  return { eigenvalue, direction: length === 0 ? direction : scale(1 / length, direction) };
}

export default defineAggregator({
  name: 'covariance-filter',
  source: 'Allouah, Guerraoui, Stephan, ICML 2025 (CAF)',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: covarianceFilter,
});

import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { squaredDistances } from './parts/distances.js';
import { krumScores, leastOf } from './parts/krum-scores.js';
import { requireVectors } from './parts/needs.js';
import { byCoordinate, meanOfNearest, medianOf } from './parts/order-statistics.js';

/**
 * Bulyan over Krum (El Mhamdi, Guerraoui, Rouault, ICML 2018; reconstructed, not checked against the paper): Krum picks n - 2 f vectors one after the other, each from those
 * that are left (q of them, by max(1, q - f - 2) neighbours); then of every coordinate the mean of the n - 4 f values nearest to
 * the median of the picked. Needs n >= 4 f + 3. O(n^2 d + n^3 log n).
 */
function bulyan({ byzantine }: { readonly byzantine: number }): Aggregator {
  return {
    combine(vectors) {
      const n = vectors.length;
      requireVectors('bulyan', n, 4 * byzantine + 3, '4 f + 3');
      const distances = squaredDistances(vectors);
      const left = Array.from({ length: n }, (_, i) => i);
      const picked: number[] = [];
      while (picked.length < n - 2 * byzantine) {
        const scores = krumScores(distances, n, left, Math.max(1, left.length - byzantine - 2));
        picked.push(...left.splice(leastOf(scores), 1));
      }
      const chosen = picked.map((i) => vectors[i]!);
      return byCoordinate(chosen, (ascending) => meanOfNearest(ascending, medianOf(ascending), n - 4 * byzantine));
    },
  };
}

export default defineAggregator({
  name: 'bulyan',
  source: 'El Mhamdi, Guerraoui, Rouault, ICML 2018',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: bulyan,
});

import { copy } from '../numerics/vector.js';
import { count, integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { squaredDistances } from './parts/distances.js';
import { krumScores, leastOf } from './parts/krum-scores.js';
import { requireVectors } from './parts/needs.js';

/**
 * Krum (Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017): the vector with the least sum of squared distances to its
 * n - f - 2 nearest others (`neighbors`; null: that number. ByzFL counts n - f - 1). Always one of the received vectors. Needs n >= 2 f + 3. O(n^2 d).
 */
function krum({ byzantine, neighbors }: { readonly byzantine: number; readonly neighbors: number | null }): Aggregator {
  return {
    combine(vectors) {
      const n = vectors.length;
      requireVectors('krum', n, 2 * byzantine + 3, '2 f + 3');
      const everyone = Array.from({ length: n }, (_, i) => i);
      const scores = krumScores(squaredDistances(vectors), n, everyone, neighbors ?? n - byzantine - 2);
      return copy(vectors[leastOf(scores)]!);
    },
  };
}

export default defineAggregator({
  name: 'krum',
  source: 'Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017',
  settings: defineSettings({
    byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }),
    neighbors: count(null, 'Others that a score counts; null: n - f - 2'),
  }),
  create: krum,
});

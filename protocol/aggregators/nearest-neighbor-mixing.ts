import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineAggregator, type PreAggregator } from './aggregator.js';
import { ascendingPositions, squaredDistances } from './parts/distances.js';
import { meanOf } from './parts/mean.js';
import { requireVectors } from './parts/needs.js';

/**
 * Nearest-neighbour mixing (Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, AISTATS 2023): each vector is replaced by
 * the mean of its n - f nearest vectors, itself among them. Needs n > 2 f. O(n^2 d).
 */
function nearestNeighborMixing({ byzantine }: { readonly byzantine: number }): PreAggregator {
  return {
    prepare(vectors) {
      const n = vectors.length;
      requireVectors('nearest-neighbor-mixing', n, 2 * byzantine + 1, '2 f + 1');
      const distances = squaredDistances(vectors);
      return vectors.map((_, i) => {
        const nearest = ascendingPositions(distances.subarray(i * n, (i + 1) * n)).slice(0, n - byzantine);
        return meanOf(nearest.sort((a, b) => a - b).map((j) => vectors[j]!));
      });
    },
  };
}

export default defineAggregator({
  name: 'nearest-neighbor-mixing',
  source: 'Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, AISTATS 2023',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: nearestNeighborMixing,
});

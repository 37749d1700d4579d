import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { requireVectors } from './parts/needs.js';
import { byCoordinate } from './parts/order-statistics.js';

/**
 * Coordinate-wise trimmed mean (Yin, Chen, Ramchandran, Bartlett, ICML 2018): the f largest and the f smallest values of every
 * coordinate are left out, and the n - 2 f others averaged. Needs n > 2 f.
 */
function trimmedMean({ byzantine }: { readonly byzantine: number }): Aggregator {
  return {
    combine(vectors) {
      const kept = vectors.length - 2 * byzantine;
      requireVectors('trimmed-mean', vectors.length, 2 * byzantine + 1, '2 f + 1');
      return byCoordinate(vectors, (ascending) => {
        let sum = 0;
        for (let i = byzantine; i < byzantine + kept; i++) sum += ascending[i]!;
        return sum / kept;
      });
    },
  };
}

export default defineAggregator({
  name: 'trimmed-mean',
  source: 'Yin, Chen, Ramchandran, Bartlett, ICML 2018',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: trimmedMean,
});

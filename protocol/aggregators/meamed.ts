import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { requireVectors } from './parts/needs.js';
import { byCoordinate, meanOfNearest, medianOf } from './parts/order-statistics.js';

/** Mean around the median (Xie, Koyejo, Gupta, 2018): of every coordinate the mean of the n - f values nearest to the median. */
function meamed({ byzantine }: { readonly byzantine: number }): Aggregator {
  return {
    combine(vectors) {
      requireVectors('meamed', vectors.length, 2 * byzantine + 1, '2 f + 1');
      const kept = vectors.length - byzantine;
      return byCoordinate(vectors, (ascending) => meanOfNearest(ascending, medianOf(ascending), kept));
    },
  };
}

export default defineAggregator({
  name: 'meamed',
  source: 'Xie, Koyejo, Gupta, "Generalized Byzantine-tolerant SGD", 2018',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: meamed,
});

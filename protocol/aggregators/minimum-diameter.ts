import { integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { squaredDistances } from './parts/distances.js';
import { meanOf } from './parts/mean.js';
import { requireVectors } from './parts/needs.js';

/**
 * Minimum-diameter averaging (Rousseeuw, 1985; El Mhamdi, Guerraoui, Rouault, 2018): the mean of the n - f vectors whose largest
 * distance to each other is least, the first such set in lexical order. Needs n > 2 f. Looks at subsets, so its cost grows
 * exponentially with f; a set is left as soon as its diameter passes the best one.
 */
function minimumDiameter({ byzantine }: { readonly byzantine: number }): Aggregator {
  return {
    combine(vectors) {
      const n = vectors.length;
      requireVectors('minimum-diameter', n, 2 * byzantine + 1, '2 f + 1');
      const best = leastDiameterSet(squaredDistances(vectors), n, n - byzantine);
      return meanOf(best.map((i) => vectors[i]!));
    },
  };
}

function leastDiameterSet(distances: Float64Array, n: number, size: number): readonly number[] {
  let best: readonly number[] = [];
  let least = Number.POSITIVE_INFINITY;
  const extend = (members: readonly number[], diameter: number, from: number): void => {
    if (diameter >= least) return;
    if (members.length === size) {
      best = members;
      least = diameter;
      return;
    }
    for (let i = from; i <= n - (size - members.length); i++)
      extend([...members, i], Math.max(diameter, ...members.map((j) => distances[i * n + j]!)), i + 1);
  };
  extend([], -1, 0);
  return best;
}

export default defineAggregator({
  name: 'minimum-diameter',
  source: 'Rousseeuw 1985; El Mhamdi, Guerraoui, Rouault, 2018',
  settings: defineSettings({ byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }) }),
  create: minimumDiameter,
});

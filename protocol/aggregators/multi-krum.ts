import { count, integer } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { ascendingPositions, squaredDistances } from './parts/distances.js';
import { krumScores } from './parts/krum-scores.js';
import { meanOf } from './parts/mean.js';
import { requireVectors } from './parts/needs.js';

interface MultiKrumSettings {
  readonly byzantine: number;
  readonly selected: number | null;
  /** Others that a score counts; null: n - f - 2. */
  readonly neighbors: number | null;
}

/**
 * Multi-Krum (Blanchard et al., 2017): the mean of the `selected` vectors of least Krum score, n - f of them by default (null).
 * Needs n >= 2 f + 3.
 */
function multiKrum(settings: MultiKrumSettings): Aggregator {
  const { byzantine, neighbors } = settings;
  return {
    combine(vectors) {
      const n = vectors.length;
      requireVectors('multi-krum', n, 2 * byzantine + 3, '2 f + 3');
      const selected = settings.selected ?? n - byzantine;
      requireVectors('multi-krum', n, selected, 'as many as are selected');
      const everyone = Array.from({ length: n }, (_, i) => i);
      const scores = krumScores(squaredDistances(vectors), n, everyone, neighbors ?? n - byzantine - 2);
      const best = ascendingPositions(scores).slice(0, selected);
      // In sender order, so that the sum does not depend on how near two scores are.
      return meanOf(best.sort((a, b) => a - b).map((i) => vectors[i]!));
    },
  };
}

export default defineAggregator({
  name: 'multi-krum',
  source: 'Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017',
  settings: defineSettings({
    byzantine: integer(1, 'f, vectors that may be arbitrary', { least: 0 }),
    selected: count(null, 'Vectors of least score that are averaged; null: n - f'),
    neighbors: count(null, 'Others that a score counts; null: n - f - 2'),
  }),
  create: multiKrum,
});

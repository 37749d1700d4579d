import { clip } from '../numerics/vector.js';
import { positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineAggregator, type PreAggregator } from './aggregator.js';

/** Norm bounding (Sun, Kairouz, Suresh, McMahan, 2019): x_i min(1, c / |x_i|). Followed by the mean where nothing else follows. */
function normBounding({ radius }: { readonly radius: number }): PreAggregator {
  return { prepare: (vectors) => vectors.map((vector) => clip(vector, radius)) };
}

export default defineAggregator({
  name: 'norm-bounding',
  source: 'Sun, Kairouz, Suresh, McMahan, 2019',
  single: true,
  settings: defineSettings({ radius: positive(2, 'c, the largest norm that a vector keeps') }),
  create: normBounding,
});

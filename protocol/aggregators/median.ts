import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';
import { byCoordinate, medianOf } from './parts/order-statistics.js';

/** Coordinate-wise median; the mean of the two middle values for an even n. Needs n > 2 f. */
function median(): Aggregator {
  return { combine: (vectors) => byCoordinate(vectors, medianOf) };
}

export default defineAggregator({
  name: 'median',
  source: 'Coordinate-wise median. Needs n > 2 f',
  settings: defineSettings({}),
  create: median,
});

import { accumulate, copy, norm, subtract, zerosLike } from '../numerics/vector.js';
import { count, positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { type Aggregator, defineAggregator } from './aggregator.js';

interface CenteredClippingSettings {
  /** tau, the largest distance from the centre that counts in full. Above 0. */
  readonly radius: number;
  /** L, steps a round. */
  readonly iterations: number;
}

/**
 * Centred clipping (Karimireddy, He, Jaggi, ICML 2021): v <- v + mean_i (x_i - v) min(1, tau / |x_i - v|), L times, from what it
 * returned in the round before (0 in the first). Needs n > 2 f.
 */
function centeredClipping({ radius, iterations }: CenteredClippingSettings): Aggregator {
  return {
    combine(vectors, { previous }) {
      const center = previous === null ? zerosLike(vectors[0]!) : copy(previous);
      for (let k = 0; k < iterations; k++) {
        const differences = vectors.map((vector) => subtract(vector, center));
        for (const difference of differences) {
          const length = norm(difference);
          accumulate(center, (length > radius ? radius / length : 1) / vectors.length, difference);
        }
      }
      return center;
    },
  };
}

export default defineAggregator({
  name: 'centered-clipping',
  source: 'Karimireddy, He, Jaggi, ICML 2021',
  single: true,
  settings: defineSettings({
    radius: positive(100, 'tau, the largest distance from the centre that counts in full'),
    iterations: count(1, 'L, steps a round'),
  }),
  create: centeredClipping,
});

import { addScaled, copy, norm, subtract } from '../numerics/vector.js';
import { positive } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineAggregator, type PreAggregator } from './aggregator.js';

/**
 * Clipped gossip (He, Karimireddy, Jaggi, 2022): a peer at x_i takes x_i + clip(x_j - x_i, tau) for what each neighbour j sent, so
 * that no neighbour moves it by more than its mixing weight times tau. tau is a setting here; the paper's adaptive choice knows the
 * honest peers. For kinds that peers exchange.
 */
function clippedGossip({ radius }: { readonly radius: number }): PreAggregator {
  return {
    prepare: (vectors, { own }) =>
      vectors.map((vector) => {
        if (own === null) return copy(vector);
        const difference = subtract(vector, own);
        const length = norm(difference);
        return length > radius ? addScaled(own, radius / length, difference) : copy(vector);
      }),
  };
}

export default defineAggregator({
  name: 'clipped-gossip',
  source: 'He, Karimireddy, Jaggi, 2022',
  needsOwn: true,
  settings: defineSettings({ radius: positive(1, 'tau, the largest distance of a neighbour that counts in full') }),
  create: clippedGossip,
});

import { defineSettings } from '../settings/settings.js';
import { drawWithReplacement } from './parts/weighted-draw.js';
import { type Chosen, defineSelection } from './selection.js';

/**
 * `cohort` draws with replacement, client k with probability q_k proportional to its number of examples (scheme I of Li et al., "On
 * the Convergence of FedAvg on Non-IID Data", 2020; reconstructed, not checked against the paper). A client that was drawn m times
 * takes part once and counts with its share p_k times m / (cohort q_k): with weights by examples that is m / cohort, and the
 * coefficients of a round add up to 1. Unbiased.
 */
export default defineSelection({
  name: 'by-size',
  summary: 'Draws with replacement, with probability proportional to the number of examples; unbiased',
  settings: defineSettings({}),
  weighs: () => true,
  create(_, { cohort, exampleCounts }) {
    const total = exampleCounts.reduce((sum, count) => sum + count, 0);
    return {
      init: () => null,
      invite(_, { rng }) {
        const times = new Map<number, number>();
        for (let k = 0; k < cohort; k++) {
          const client = drawWithReplacement(exampleCounts, rng);
          times.set(client, (times.get(client) ?? 0) + 1);
        }
        return [...times]
          .sort(([a], [b]) => a - b)
          .map(([client, m]): Chosen => ({ client, factor: m / (cohort * (exampleCounts[client]! / total)) }));
      },
    };
  },
});

import { flag } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineSelection } from './selection.js';

/**
 * Each client by a coin of its own, with probability q = cohort / clients; `cohort` is the expected number and may be below 1: a
 * round without clients changes nothing. `unbiased`: client k counts with its share times 1 / q (Horvitz-Thompson).
 */
export default defineSelection({
  name: 'poisson',
  summary: 'Each client independently with probability cohort / clients, at any rate',
  settings: defineSettings({
    unbiased: flag(false, 'Each counts with its share times clients / cohort, not with its share among the selected'),
  }),
  anyRate: true,
  weighs: ({ unbiased }) => unbiased,
  create({ unbiased }, { clientCount, cohort }) {
    const probability = Math.min(1, cohort / clientCount);
    return {
      init: () => null,
      invite: (_, { rng }) =>
        Array.from(rng.poisson(clientCount, probability), (client) => ({
          client,
          factor: unbiased ? 1 / probability : null,
        })),
    };
  },
});

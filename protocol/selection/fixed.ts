import { allClients } from '../method.js';
import { flag } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineSelection } from './selection.js';

/**
 * `cohort` clients, uniformly without replacement. `unbiased`: client k counts with its share p_k times n / cohort (scheme II of
 * Li et al., "On the Convergence of FedAvg on Non-IID Data", 2020; reconstructed, not checked against the paper), so that the mean
 * is right on average and does not add up to 1 in a round; else with its share among those that came.
 */
export default defineSelection({
  name: 'fixed',
  summary: 'A cohort of fixed size, uniformly without replacement',
  settings: defineSettings({
    unbiased: flag(false, 'Each counts with its share times clients / cohort, not with its share among the selected'),
  }),
  weighs: ({ unbiased }) => unbiased,
  create: ({ unbiased }, { clientCount, cohort }) => ({
    init: () => null,
    invite: (_, { rng }) =>
      (cohort >= clientCount ? allClients(clientCount) : Array.from(rng.batch(clientCount, cohort).sort())).map(
        (client) => ({ client, factor: unbiased ? clientCount / Math.min(cohort, clientCount) : null }),
      ),
  }),
});

import { count } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { drawByWeight } from './parts/weighted-draw.js';
import { defineSelection } from './selection.js';

/**
 * Power of choice (Cho, Wang, Joshi, "Towards Understanding Biased Client Selection in Federated Learning", 2022, pi_pow-d;
 * reconstructed, not checked against the paper): d candidates, without replacement and with probability proportional to their
 * examples, are sent the model and report their loss there; the `cohort` of highest loss continue. Biased towards clients that fit
 * badly; `candidates` = cohort selects by size. All candidates are sent the model: the download is d models, the upload `cohort`.
 */
export default defineSelection({
  name: 'power-of-choice',
  summary: 'Of d candidates drawn by their number of examples those of highest loss (Cho, Wang, Joshi, 2022)',
  settings: defineSettings({
    candidates: count(null, 'd, at least the cohort; null: twice the cohort, or all clients where those are fewer'),
  }),
  reports: 'loss',
  misfit: ({ candidates }, { clientCount, cohort }) =>
    candidates !== null && (candidates < cohort || candidates > clientCount)
      ? { at: 'candidates', expected: `from the cohort of ${cohort} to the ${clientCount} clients, or null` }
      : null,
  create({ candidates }, { clientCount, cohort, exampleCounts }) {
    const invited = candidates ?? Math.min(clientCount, 2 * cohort);
    return {
      init: () => null,
      invite: (_, { rng }) => drawByWeight(exampleCounts, invited, rng).map((client) => ({ client, factor: null })),
      choose: (reports) =>
        [...reports]
          .sort((a, b) => b.value - a.value || a.client - b.client)
          .slice(0, cohort)
          .map(({ client }) => ({ client, factor: null })),
    };
  },
});

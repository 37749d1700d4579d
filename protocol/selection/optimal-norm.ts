import { count } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineSelection } from './selection.js';

/**
 * Probabilities of independent coins, `expected` of them heads on average, that make the variance of the sum of v_i / p_i least:
 * proportional to the norms, with the largest at 1. Equation (7) of the paper below. All norms 0: equal probabilities.
 */
export function optimalProbabilities(norms: readonly number[], expected: number): number[] {
  const n = norms.length;
  if (expected >= n) return norms.map(() => 1);
  const ascending = [...norms].sort((a, b) => a - b);
  let sum = ascending.reduce((total, norm) => total + norm, 0);
  let l = n;
  // Those above l are certain: the rest is shared among the l least.
  while (l > 0 && (expected + l - n) * ascending[l - 1]! > sum) sum -= ascending[--l]!;
  if (!(sum > 0)) return norms.map((norm) => (norm > 0 ? 1 : Math.max(0, expected + l - n) / Math.max(1, l)));
  return norms.map((norm) => Math.min(1, ((expected + l - n) * norm) / sum));
}

/**
 * Optimal client sampling (Chen, Horvath, Richtarik, "Optimal Client Sampling for Federated Learning", 2022; the rule reconstructed,
 * not checked against the paper): every invited client computes its update and sends the norm of it times its weight, one number;
 * coins with the probabilities above decide who sends the update, `cohort` on average; client i counts with its share among the
 * invited times 1 / p_i. Unbiased. It saves upload, and no computing.
 */
export default defineSelection({
  name: 'optimal-norm',
  summary: 'All compute, those with large updates send: probability by norm, unbiased (Chen, Horvath, Richtarik, 2022)',
  settings: defineSettings({
    candidates: count(null, 'Clients that compute, uniformly without replacement; null: all'),
  }),
  reports: 'norm',
  anyRate: true,
  weighs: () => true,
  misfit: ({ candidates }, { clientCount, cohort }) =>
    candidates !== null && (candidates < cohort || candidates > clientCount)
      ? { at: 'candidates', expected: `from the cohort of ${cohort} to the ${clientCount} clients, or null` }
      : null,
  create({ candidates }, { clientCount, cohort, shares }) {
    const invited = candidates ?? clientCount;
    return {
      init: () => null,
      invite: (_, { rng }) =>
        Array.from(rng.batch(clientCount, invited).sort(), (client) => ({ client, factor: null })),
      choose(reports, { rng }) {
        const probabilities = optimalProbabilities(
          reports.map(({ value }) => value),
          cohort,
        );
        const present = reports.reduce((sum, { client }) => sum + shares[client]!, 0);
        return reports.flatMap(({ client }, i) => {
          const isChosen = rng.derive('coin', client).uniform() < probabilities[i]!;
          return isChosen ? [{ client, factor: 1 / (probabilities[i]! * present) }] : [];
        });
      },
    };
  },
});

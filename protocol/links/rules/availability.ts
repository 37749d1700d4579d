import { actsIn, selectsClient } from '../frame-filter.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';
import { TwoStateChain } from '../two-state-chain.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'availability' }>;

/**
 * Each client is on or off for whole rounds, a two-state Markov chain of its own: a = onToOff, b = offToOn; on-share b / (a + b),
 * mean on-time 1 / a rounds, autocorrelation 1 - a - b a round. a + b = 1 makes rounds independent (Bernoulli with probability b).
 */
export const availability: RuleMaker<Settings> = (settings, { streams }) => {
  const selects = selectsClient(settings.clients);
  const chain = new TwoStateChain(settings.onToOff, settings.offToOn, streams);
  return {
    keepsAway: (client, round) => actsIn(settings, round) && selects(client) && chain.inSecond(`${client}`, round),
  };
};

import { actsIn, selectsClient } from '../frame-filter.js';
import type { BuiltInFaultRule, RuleMaker } from '../rule.js';

type Settings = Extract<BuiltInFaultRule, { fault: 'slow' }>;

/** The simulated time that a client's device takes is multiplied by `factor`; its links are not touched. */
export const slow: RuleMaker<Settings> = (settings) => {
  const selects = selectsClient(settings.clients);
  return { slowdown: (client, round) => (actsIn(settings, round) && selects(client) ? settings.factor : 1) };
};

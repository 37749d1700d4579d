import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';
import { TwoStateChain } from './parts/two-state-chain.js';

const settings = defineSettings({
  clients: clients('all'),
  onToOff: probability(required, 'Probability that a client that is on is off in the next round'),
  offToOn: probability(required, 'Probability that a client that is off is on in the next round'),
});
type Settings = SettingsOf<typeof settings>;

/**
 * Clients come and go for whole rounds: a two-state Markov chain for each. With a = onToOff and b = offToOn the on-share is
 * b / (a + b), the mean on-time 1 / a rounds, the autocorrelation 1 - a - b a round; a + b = 1 makes rounds independent.
 */
export function availability(given: Given<Settings, 'onToOff' | 'offToOn'>): Fault {
  return faultOf({ ...given, fault: 'availability' });
}

/** Each client takes part in each round independently with this probability. */
export function bernoulliAvailability({
  probability,
  ...which
}: Pick<Given<Settings>, 'clients'> & { readonly probability: number }): Fault {
  return availability({ ...which, onToOff: 1 - probability, offToOn: probability });
}

export default defineFault({
  name: 'availability',
  summary: 'Clients come and go for whole rounds, each by a two-state Markov chain of its own',
  settings,
  losesMessages: true,
  create(rule, { streams }) {
    const selects = selectsClient(rule.clients);
    const chain = new TwoStateChain(rule.onToOff, rule.offToOn, streams);
    return {
      keepsAway: (client, round) => actsIn(rule, round) && selects(client) && chain.inSecond(`${client}`, round),
    };
  },
});

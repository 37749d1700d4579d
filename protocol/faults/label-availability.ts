import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { list, probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients('all'),
  byLabel: list(
    probability(required, 'A probability'),
    required,
    'Probability that a client is on whose examples are all of class k, k modulo the length of the list',
    1,
  ),
});
type Settings = SettingsOf<typeof settings>;

/** Clients are on by what they have: `labelAvailability({ byLabel: [0.9, 0.1] })`. Data of classes only. */
export function labelAvailability(given: Given<Settings, 'byLabel'>): Fault {
  return faultOf({ ...given, fault: 'label-availability' });
}

/**
 * A client with the label shares p_k is on with probability sum_k p_k byLabel[k], independently of other clients and rounds; one
 * without examples with the mean of byLabel. Averages over those who are on are then biased towards the classes of the available.
 */
export default defineFault({
  name: 'label-availability',
  summary: "Clients come and go for whole rounds, by a probability that follows from their examples' labels",
  settings,
  losesMessages: true,
  create(rule, { streams, labelShares }) {
    const selects = selectsClient(rule.clients);
    const known = new Map<number, number>();
    const chanceOf = (client: number): number => {
      let chance = known.get(client);
      if (chance === undefined) {
        const shares = labelShares?.(client) ?? [];
        const law = shares.length > 0 ? shares : rule.byLabel.map(() => 1 / rule.byLabel.length);
        chance = law.reduce((sum, share, label) => sum + share * rule.byLabel[label % rule.byLabel.length]!, 0);
        known.set(client, chance);
      }
      return chance;
    };
    return {
      keepsAway: (client, round) =>
        actsIn(rule, round) && selects(client) && streams.derive(client, round).uniform() >= chanceOf(client),
    };
  },
});

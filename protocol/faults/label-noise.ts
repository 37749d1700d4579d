import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { oneOf, probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients('all'),
  rate: probability(required, "Probability that an example's label is replaced by a uniform other class"),
  rates: oneOf(
    ['equal', 'uniform'],
    'equal',
    "'equal': every client has this rate; 'uniform': each draws its own from U(0, rate)",
  ),
});
type Settings = SettingsOf<typeof settings>;

/** These clients train on labels of which a share is wrong: `labelNoise({ rate: 0.4, rates: 'uniform' })`. Data of classes only. */
export function labelNoise(given: Given<Settings, 'rate'>): Fault {
  return faultOf({ ...given, fault: 'label-noise' });
}

/** Symmetric noise, drawn once for each client's examples: the same wrong labels in every round. Evaluation sees the true ones. */
export default defineFault({
  name: 'label-noise',
  summary: 'A share of the labels that clients train on is replaced by other classes',
  settings,
  create(rule) {
    const selects = selectsClient(rule.clients);
    return {
      changesData: {
        concerns: (client, round) => actsIn(rule, round) && selects(client),
        labels(classCount, own) {
          const rate = rule.rates === 'equal' ? rule.rate : rule.rate * own.uniform();
          return (label) => (own.uniform() < rate ? (label + 1 + own.below(classCount - 1)) % classCount : label);
        },
      },
    };
  },
});

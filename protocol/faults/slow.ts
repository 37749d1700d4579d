import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { number } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients(required),
  factor: number(required, 'On all simulated times of the device', { above: 0, most: 1e9 }),
});
type Settings = SettingsOf<typeof settings>;

/** The clients' devices take `factor` times as long. */
export function slow(given: Given<Settings, 'clients' | 'factor'>): Fault {
  return faultOf({ ...given, fault: 'slow' });
}

export default defineFault({
  name: 'slow',
  summary: "Clients' devices take longer in simulated time; their links do not",
  settings,
  create(rule) {
    const selects = selectsClient(rule.clients);
    return { slowdown: (client, round) => (actsIn(rule, round) && selects(client) ? rule.factor : 1) };
  },
});

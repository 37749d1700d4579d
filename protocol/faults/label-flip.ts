import { actsIn, selectsClient } from '../links/frame-filter.js';
import { clients } from '../scenario/selectors.js';
import { oneOf } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients(required),
  to: oneOf(
    ['reverse', 'next'],
    'reverse',
    "Class y of K becomes K - 1 - y ('reverse', which leaves the middle one of an odd K), or y + 1, the last one 0",
  ),
});
type Settings = SettingsOf<typeof settings>;

/** These clients train on false labels, all of theirs: `labelFlip({ clients: [0, 1] })`. Data of classes only. */
export function labelFlip(given: Given<Settings, 'clients'>): Fault {
  return faultOf({ ...given, fault: 'label-flip' });
}

/** A poisoned client that follows the method: only what it learns from is false. Evaluation sees the true labels. */
export default defineFault({
  name: 'label-flip',
  summary: 'Clients train on labels that are all changed in one way',
  settings,
  create(rule) {
    const selects = selectsClient(rule.clients);
    return {
      changesData: {
        concerns: (client, round) => actsIn(rule, round) && selects(client),
        labels: (classCount) => (label) => (rule.to === 'reverse' ? classCount - 1 - label : (label + 1) % classCount),
      },
    };
  },
});

import { attackOf, attacks } from '../attacks/parts/load-attack.js';
import { actsIn, selectsClient } from '../links/frame-filter.js';
import type { SpecInput } from '../scenario/input.js';
import type { ClientSelector } from '../scenario/scenario.js';
import { clients, messageKind } from '../scenario/selectors.js';
import { type NamedSpec, named } from '../settings/named-modules.js';
import { type Required, required, type SettingOf } from '../settings/setting.js';
import { defineSettings } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  kind: { ...messageKind, meaning: 'Kind of messages; null: every kind with vectors' },
  clients: clients(required),
  attack: named(attacks, required, 'What they send') as SettingOf<NamedSpec<'attack'>, Required>,
});

/** These clients send what the attack forges from what the honest send: `byzantine({ clients: [0, 1], attack: 'sign-flip' })`. */
export function byzantine(given: {
  readonly kind?: string | null;
  readonly clients: ClientSelector;
  readonly attack: SpecInput;
}): Fault {
  return faultOf({ ...given, fault: 'byzantine' });
}

/** It happens where the messages are taken, after decoding, and is the same in every placement. */
export default defineFault({
  name: 'byzantine',
  summary:
    'Clients send what an attack forges from the vectors of all honest senders of the same inbox; of an asynchronous method, from the last answers that have arrived',
  settings,
  readsOthers: ({ attack }) => !attackOf(attack, 'attack').ownAlone,
  create(rule) {
    const selects = selectsClient(rule.clients);
    const { attack, remembers, ownAlone } = attackOf(rule.attack, 'attack');
    return {
      forges: {
        attack,
        remembers,
        ownAlone,
        concerns: (kind, round) => actsIn(rule, round) && (rule.kind === null || rule.kind === kind),
        isByzantine: (sender) => sender !== 'coordinator' && selects(sender),
      },
    };
  },
});

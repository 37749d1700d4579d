import { selectsClient } from '../links/frame-filter.js';
import type { ClientIndex } from '../method.js';
import { clients } from '../scenario/selectors.js';
import { integer, oneOf } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients(required),
  downRounds: integer(null, 'Rounds of absence from `from` on; null: as long as the rule lasts', { least: 1 }),
  memory: oneOf(
    ['kept', 'lost'],
    'kept',
    "'kept': clients return with the state they had; 'lost': with a new one, codec memories included",
  ),
});
type Settings = SettingsOf<typeof settings>;

/** Clients do not take part for `downRounds` rounds from the rule's first round on. */
export function crash(
  given: Omit<Given<Settings>, 'clients'> &
    ({ readonly client: ClientIndex } | { readonly clients: Settings['clients'] }),
): Fault {
  if (!('client' in given)) return faultOf({ ...given, fault: 'crash' });
  const { client, ...rest } = given;
  return faultOf({ ...rest, fault: 'crash', clients: [client] });
}

/** Memory is lost in the first round after the crash. Receivers that follow a sender's codec memory keep theirs. */
export default defineFault({
  name: 'crash',
  summary: 'Clients are absent for some rounds and return with the state they had, or from `init`',
  settings,
  losesMessages: true,
  losesState: ({ memory }) => memory === 'lost',
  create({ from, until, clients, downRounds, memory }) {
    const selects = selectsClient(clients);
    const back = downRounds === null ? (until ?? Number.POSITIVE_INFINITY) : from + downRounds;
    return {
      keepsAway: (client, round) => round >= from && round < back && selects(client),
      forgets: (client, round) => memory === 'lost' && round === back && selects(client),
    };
  },
});

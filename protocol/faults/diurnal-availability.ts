import { actsIn, selectsClient } from '../links/frame-filter.js';
import { sineOfTurns } from '../numerics/elementary.js';
import { clients } from '../scenario/selectors.js';
import { atLeastZero, integer, positive, probability } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type Given, type SettingsOf } from '../settings/settings.js';
import { defineFault, type Fault, faultOf } from './fault.js';

const settings = defineSettings({
  clients: clients('all'),
  mean: probability(required, 'Mean over a day of the probability that a client is on, before it is clipped to [0, 1]'),
  amplitude: atLeastZero(required, 'Of the sine that is added to the mean'),
  roundsPerDay: positive(required, 'Rounds of one period of the sine'),
  timeZones: integer(1, 'Client c is in time zone c modulo this many; their phases divide the day evenly', {
    least: 1,
  }),
});
type Settings = SettingsOf<typeof settings>;

/**
 * Clients are on by the time of day, independently of each other and of earlier rounds. Client c, in zone z = c mod Z, is on in
 * round t with probability mean + amplitude sin(2 pi (t / roundsPerDay + z / Z)), clipped to [0, 1].
 */
export function diurnalAvailability(given: Given<Settings, 'mean' | 'amplitude' | 'roundsPerDay'>): Fault {
  return faultOf({ ...given, fault: 'diurnal-availability' });
}

export default defineFault({
  name: 'diurnal-availability',
  summary:
    'Clients come and go for whole rounds, each with a probability that follows the time of day in its time zone',
  settings,
  losesMessages: true,
  create(rule, { streams }) {
    const selects = selectsClient(rule.clients);
    // Draws are in [0, 1): comparing with a share outside is comparing with the clipped one.
    const onShare = (client: number, round: number) => {
      const days = round / rule.roundsPerDay + (client % rule.timeZones) / rule.timeZones;
      return rule.mean + rule.amplitude * sineOfTurns(days % 1);
    };
    return {
      keepsAway: (client, round) =>
        actsIn(rule, round) &&
        selects(client) &&
        streams.derive(`${client}`).derive(round).uniform() >= onShare(client, round),
    };
  },
});

import type { ClientIndex } from '../../protocol/method.js';
import type { Trip } from '../../protocol/party/crew.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import type { TimesRow } from '../run-directory/times.js';

/** What was measured of the clients that were sent something and answered, ascending. */
export function timesOf(
  roundMs: number,
  trips: ReadonlyMap<ClientIndex, Trip>,
  parties: readonly PartyReport[],
): readonly TimesRow[] {
  return parties.flatMap(({ party, times }) => {
    const trip = trips.get(party as ClientIndex);
    return trip && times ? [{ client: party as ClientIndex, roundMs, ...trip, ...times }] : [];
  });
}

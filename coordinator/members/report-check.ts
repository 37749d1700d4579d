import { GradswarmError } from '../../protocol/errors.js';
import type { PartyId } from '../../protocol/method.js';
import { checkRelease } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { Done } from '../../protocol/wire/control-messages.js';
import { isMeasureName } from '../run-directory/metrics.js';

/** Names that one client may measure in a round, and their length. */
const MEASURES = 256;
const MEASURE_LENGTH = 200;

/**
 * Throws ERR_PROTOCOL when a report is about parties that its worker does not host, or for one of them twice, or measures
 * what no half can, or counts more fault rules than the `faults` of the scenario; ERR_PRIVACY for a release that no theorem covers.
 */
export function checkReport(
  { parties, absences, firings }: Done,
  hosts: (party: PartyId) => boolean,
  faults: number,
): void {
  if (firings.length > faults)
    throw new GradswarmError('ERR_PROTOCOL', `firings: expected at most ${faults}, one a fault, got ${firings.length}`);
  const reported = new Set<PartyId>();
  const own = (party: PartyId, what: string): void => {
    if (!hosts(party)) throw new GradswarmError('ERR_PROTOCOL', `${what} of party ${party}, which it does not host`);
  };
  for (const { party, measures, unused, unusedMessages, ledger } of parties) {
    own(party, 'a report');
    if (reported.has(party)) throw new GradswarmError('ERR_PROTOCOL', `two reports of party ${party}`);
    reported.add(party);
    if (unused.length > 0) throw new GradswarmError('ERR_PROTOCOL', 'clients left out, which the coordinator decides');
    for (const { to } of unusedMessages) own(to, 'a message not used');
    for (const entry of ledger) {
      own(entry.party, 'a release');
      checkRelease(entry);
    }
    if (measures.length > MEASURES || measures.some(([name]) => name.length > MEASURE_LENGTH || !isMeasureName(name)))
      throw new GradswarmError(
        'ERR_PROTOCOL',
        `measures of party ${party}: expected at most ${MEASURES} with names of their own, got others`,
      );
  }
  for (const { to } of absences) own(to, 'an absence');
}

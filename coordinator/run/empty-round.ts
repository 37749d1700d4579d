import type { ClientIndex } from '../../protocol/method.js';
import type { AbsenceRecord } from '../../protocol/party/delivery-log.js';
import type { ByteCounts } from '../../protocol/party/dispatch.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';

/** When edge servers that got nothing have stopped waiting, and the coordinator for them: their clocks, simulated ms. */
export function edgeClocks(parties: readonly PartyReport[], edgeServers: readonly ClientIndex[]): number[] {
  return parties.flatMap(({ party, clockMs }) => (edgeServers.includes(party as ClientIndex) ? [clockMs] : []));
}

/**
 * Whether a round was without any update: the coordinator took no message, or between peers none arrived, and not because the method
 * sends none: a message from or to every invited client is missing, in a hierarchy from or to every edge server, since no other client
 * sends the coordinator any. An empty cohort is such a round too.
 */
export function isWithoutUpdate(
  { cohort, ready }: Pick<RoundPlan, 'cohort' | 'ready'>,
  own: Pick<PartyReport, 'inbox'> | null,
  absences: readonly AbsenceRecord[],
  bytes: ByteCounts,
  edgeServers: readonly ClientIndex[] = [],
): boolean {
  // All are away: no two clients meet.
  if (ready?.length === 0) return true;
  const received = own ? (own.inbox?.received ?? 0) : bytes.peer.payload;
  if (received > 0) return false;
  const missed = new Set(absences.flatMap(({ from, to }) => [from, to]));
  return (edgeServers.length > 0 ? edgeServers : cohort).every((client) => missed.has(client));
}

import type { ClientIndex, PartyId } from '../../protocol/method.js';
import type { Settlement } from '../../protocol/party/crew.js';
import type { AbsenceRecord } from '../../protocol/party/delivery-log.js';
import type { Missed } from '../../protocol/party/message-journal.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { compareParties } from '../../protocol/party/state-digest.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';

/** What is sent to clients at the end of an attempt. */
export function settlementOf(plan: RoundPlan, reports: readonly PartyReport[], abandoned: boolean): Settlement {
  const own = reports.find(({ party }) => party === 'coordinator');
  const posts = new Map<ClientIndex, { kind: string; step: number; to: ClientIndex }[]>();
  for (const { unusedMessages } of reports)
    for (const { kind, step, from, to } of unusedMessages) {
      if (from === 'coordinator' || to === 'coordinator') continue;
      const list = posts.get(from) ?? [];
      posts.set(from, list);
      list.push({ kind, step, to });
    }
  return {
    round: plan.index,
    attempt: plan.attempt,
    abandoned,
    voided: own?.unused ?? [],
    undelivered: [...posts].map(([client, list]) => ({ client, posts: list })),
  };
}

/** Of what the coordinator posted, what a client did not use: of clients whose round is void, all. */
export function missedBy({ voided }: Settlement, reports: readonly PartyReport[]): Missed {
  const absent = new Set<PartyId>(voided);
  const unused = new Set<string>();
  for (const report of reports)
    for (const { kind, step, from, to } of report.unusedMessages)
      if (from === 'coordinator') unused.add(`${kind} ${step} ${to}`);
  return (kind, step, to) => absent.has(to) || unused.has(`${kind} ${step} ${to}`);
}

/** The same list however clients are packed into processes. */
export function byAddress(a: AbsenceRecord, b: AbsenceRecord): number {
  return (
    compareParties(a.to, b.to) ||
    compareParties(a.from, b.from) ||
    a.step - b.step ||
    (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)
  );
}

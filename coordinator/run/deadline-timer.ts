import type { RoundMailbox, Wait } from '../../protocol/party/mailbox.js';
import type { PostOffice } from '../../protocol/party/post-office.js';
import { quorumCount } from '../../protocol/party/run-site.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';

const RETRY_MS = 10;

/**
 * Real deadlines, for scenarios under the wall clock: when the coordinator has waited for `deadlineMs` (it waits right after its
 * last post), missing senders are late, as soon as a quorum has answered.
 */
export function setDeadlines(office: PostOffice, { clock, participation }: Scenario): void {
  const { deadlineMs, quorum } = participation;
  if (clock !== 'wall' || deadlineMs === null) return;
  office.onBlocked = (mailbox, wait) => {
    if (mailbox.party !== 'coordinator') return;
    const needed = quorumCount(quorum, wait.expected);
    setTimeout(() => expire(mailbox, wait, needed), deadlineMs);
  };
}

function expire(mailbox: RoundMailbox, wait: Wait, needed: number): void {
  if (!mailbox.waiting.includes(wait)) return;
  if (wait.expected - wait.missing.size >= needed) mailbox.expire(wait);
  else setTimeout(() => expire(mailbox, wait, needed), RETRY_MS);
}

import { GradswarmError } from '../../protocol/errors.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { quorumCount } from '../../protocol/party/run-site.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';

/** Throws ERR_QUORUM when the coordinator's half used messages of too few of those it invited. */
export function checkQuorum(
  { participation: { quorum } }: Scenario,
  { index, cohort, absent }: RoundPlan,
  own: PartyReport | null,
): void {
  const used = cohort.length - new Set([...absent.map(({ from }) => from), ...(own?.unused ?? [])]).size;
  const needed = quorumCount(quorum, cohort.length);
  if (used >= needed) return;
  throw new GradswarmError(
    'ERR_QUORUM',
    `round ${index + 1}: expected messages of at least ${needed} of ${cohort.length} invited clients, got ${used}; ` +
      'raise participation.deadlineMs or participation.first, or lower participation.quorum',
  );
}

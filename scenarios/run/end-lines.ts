import { checkpointText, repetitionText } from '../../coordinator/report/units.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Fleet } from './fleet.js';

/** Notes on how a run ended, beside its verdict: one line each. */
export function endLines(
  { clients }: Scenario,
  { stopped, why, roundsDone, lostClients, checkpoints }: RunResult,
  privacy: Fleet['privacy'],
): string[] {
  const lines: string[] = [];
  if (stopped === 'early') lines.push(`stopped after round ${roundsDone}: ${why}`);
  if (stopped === 'budget')
    lines.push(`stopped after round ${roundsDone}: another round would pass the privacy budget`);
  if (lostClients.length > 0)
    lines.push(`ended without ${lostClients.length} of ${clients} clients: their workers were lost`);
  if (checkpoints.count > 0) lines.push(checkpointText(checkpoints));
  const released = privacy.result();
  if (released?.notPrivate) lines.push(`NOT PRIVATE. ${released.notPrivate}`);
  const repetition = released ? repetitionText(released) : null;
  if (repetition) lines.push(repetition);
  return [...lines, ...privacy.warnings()];
}

import { checkpointText, repetitionText } from '../../coordinator/report/units.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Fleet } from './fleet.js';

/** Of a series or a figure: the same whatever the examples are. */
const PUBLIC = /epsilon|bytes|ms$/i;

/** Notes on how a run ended, beside its verdict: one line each. */
export function endLines(
  { clients, stopWhen, keepBest }: Scenario,
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
  const chosenBy = new Set([...(stopWhen ?? []), ...(keepBest ? [keepBest] : [])].map(({ of }) => of));
  const doubtful = [...chosenBy].filter((series) => !PUBLIC.test(series));
  if (released && doubtful.length > 0)
    lines.push(
      `stopWhen and keepBest choose by ${doubtful.join(', ')}: epsilon does not have that choice, unless what it reads is public`,
    );
  return [...lines, ...privacy.warnings()];
}

import { resultText } from '../../coordinator/report/units.js';
import type { NotApplicable } from '../../protocol/scenario/applicable.js';
import type { Judgement } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';

/** A verdict for the terminal, a line for each expectation; 'failures': those that are not met or inconclusive. */
export function judgementLines({ expectations, notApplicable = [] }: Verdict, what: 'all' | 'failures'): string[] {
  return [
    ...expectations.filter(({ holds }) => what === 'all' || holds !== true).map(judgementLine),
    ...(what === 'all' ? notApplicable.map(notApplicableLine) : []),
  ];
}

export function notApplicableLine({ name, because }: NotApplicable): string {
  return `not applicable ${name}: ${because}`;
}

function judgementLine({ holds, name, detail }: Judgement): string {
  return `${resultText(holds).padEnd(12)} ${name}: ${detail}`;
}

import type { Finding, RunRecord } from './expectation.js';
import { groupsOf } from './groups.js';
import { inDigits, meanFigure } from './quantity.js';

/** Is the figure within the bounds (inclusive where the wording says so) in every group, averaged over its records? */
export function judgeFigure(
  records: readonly RunRecord[],
  { of, groupBy }: { readonly of: string; readonly groupBy: string | null },
  holds: (value: number) => boolean,
  inWords: string,
): Finding {
  let last: Finding = { holds: 'unknown', observed: null, detail: 'there is no record to judge' };
  for (const { label, records: members } of groupsOf(records, groupBy)) {
    const value = meanFigure(members, of);
    const where = label === '' ? '' : ` where ${label}`;
    if (value === null) return { holds: 'unknown', observed: null, detail: `no figure '${of}' was recorded${where}` };
    last = { holds: holds(value), observed: value, detail: `${of} is ${inDigits(value)}${where}, expected ${inWords}` };
    if (last.holds === false) return last;
  }
  return last;
}

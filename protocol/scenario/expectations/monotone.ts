import { atLeastZero, oneOf } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type Finding } from '../expectation.js';
import { groupsOf } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { inDigits, meanFigure } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy, path } from '../settings.js';

/**
 * Over a sweep, a figure falls or rises along a swept path (numbers in ascending order, other values as written), as a
 * mean over all runs with the same value there; each step may go the wrong way by `tolerance`. `groupBy`: apart for
 * each value of another path.
 */
export function monotone(settings: {
  of: string;
  inOrderOf: string;
  direction: 'falling' | 'rising';
  tolerance?: number;
  groupBy?: string | null;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'monotone' });
}

export default defineExpectation({
  name: 'monotone',
  summary: 'over a sweep, a figure falls or rises along a swept path; over seeds, its mean',
  settings: defineSettings({
    of: figure(required),
    inOrderOf: path(required, 'The swept path'),
    direction: oneOf(['falling', 'rising'], required, 'Along the path'),
    tolerance: atLeastZero(0, 'A step the wrong way up to this is none'),
    groupBy,
  }),
  judge(records, { of, inOrderOf, direction, tolerance, groupBy: by }) {
    let last: Finding = { holds: 'unknown', observed: null, detail: 'there is no record to judge' };
    for (const group of by === null ? [{ label: '', records }] : groupsOf(records, by)) {
      const steps = inOrder(groupsOf(group.records, inOrderOf));
      const where = group.label === '' ? '' : ` where ${by} is ${group.label}`;
      if (steps.length < 2)
        return { holds: 'unknown', observed: null, detail: `two values of '${inOrderOf}' or more are needed${where}` };
      const values = steps.map(({ records: members }) => meanFigure(members, of));
      if (values.includes(null))
        return { holds: 'unknown', observed: null, detail: `no figure '${of}' was recorded${where}` };
      const found = values as number[];
      const shown = found.map(inDigits).join(', ');
      const sign = direction === 'rising' ? 1 : -1;
      const right = found.slice(1).every((value, index) => sign * (value - found[index]!) >= -tolerance);
      last = {
        holds: right,
        observed: shown,
        detail: `${of} by ${inOrderOf}${where}: ${shown}; expected ${direction}`,
      };
      if (!right) return last;
    }
    return last;
  },
});

function inOrder<G extends { readonly value: unknown }>(groups: readonly G[]): readonly G[] {
  if (!groups.every(({ value }) => typeof value === 'number')) return groups;
  return [...groups].sort((one, other) => Number(one.value) - Number(other.value));
}

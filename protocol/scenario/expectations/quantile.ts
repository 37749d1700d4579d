import { fraction } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type Finding } from '../expectation.js';
import { groupsOf } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { figureOf, inDigits } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { figure, groupBy, inWords, least, most, oneBound, within } from '../settings.js';

/**
 * The quantile of a figure over runs, usually of many seeds, lies within bounds: what holds with high probability, also where a mean
 * over runs does not settle. Of n sorted values it is the ceil(share n)-th; `groupBy` as elsewhere.
 */
export function quantile(settings: {
  of: string;
  share: number;
  least?: number | null;
  most?: number | null;
  groupBy?: string | null;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'quantile' });
}

export default defineExpectation({
  name: 'quantile',
  summary: 'the quantile of a figure over runs lies within bounds',
  settings: defineSettings({
    of: figure(required),
    share: fraction(required, 'Share of the runs that are at or below the quantile'),
    least,
    most,
    groupBy,
  }).and(oneBound),
  judge(records, { of, share, least, most, groupBy }): Finding {
    let last: Finding = { holds: 'unknown', observed: null, detail: 'there is no record to judge' };
    for (const { label, records: members } of groupsOf(records, groupBy)) {
      const where = label === '' ? '' : ` where ${label}`;
      const values = members.map((record) => figureOf(record, of));
      if (values.includes(null))
        return { holds: 'unknown', observed: null, detail: `no figure '${of}' was recorded${where}` };
      const broken = values.filter((value) => Number.isNaN(value)).length;
      if (broken > 0)
        return {
          holds: false,
          observed: Number.NaN,
          detail: `${of} is NaN in ${broken} of ${values.length} runs${where}`,
        };
      const sorted = (values as number[]).sort((a, b) => a - b);
      const value = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]!;
      const detail = `the ${share} quantile of ${of} over ${sorted.length} runs is ${inDigits(value)}${where}, expected ${inWords(least, most)}`;
      last = { holds: within(value, least, most), observed: value, detail };
      if (last.holds !== true) return last;
    }
    return last;
  },
});

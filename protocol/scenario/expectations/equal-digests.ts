import { defineSettings } from '../../settings/settings.js';
import { defineExpectation } from '../expectation.js';
import { groupsOf } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import type { Spec } from '../scenario.js';
import { groupBy } from '../settings.js';

/** All runs, or all runs of each group, end in the same bits. */
export function equalDigests(settings: { groupBy?: string | null } = {}): Made<Spec> {
  return madeSpec({ ...settings, name: 'equal-digests' });
}

export default defineExpectation({
  name: 'equal-digests',
  summary: 'the runs of a sweep, or of each group of it, end in the same bits',
  settings: defineSettings({ groupBy }),
  judge(records, { groupBy: by }) {
    const groups = by === null ? [{ label: '', records }] : groupsOf(records, by);
    for (const { label, records: members } of groups) {
      const digests = new Set(members.map(({ stateDigest }) => stateDigest));
      const where = label === '' ? '' : ` where ${by} is ${label}`;
      if (members.length < 2)
        return { holds: 'unknown', observed: members.length, detail: `two runs or more are needed${where}` };
      if (digests.size > 1)
        return {
          holds: false,
          observed: digests.size,
          detail: `${members.length} runs ended in ${digests.size} states${where}`,
        };
    }
    if (groups.length === 0) return { holds: 'unknown', observed: 0, detail: 'there is no record to judge' };
    const [first] = records;
    return { holds: true, observed: first!.stateDigest, detail: `${records.length} runs ended in equal bits` };
  },
});

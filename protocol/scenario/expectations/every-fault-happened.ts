import { defineSettings } from '../../settings/settings.js';
import { defineExpectation } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import type { Spec } from '../scenario.js';

/** Every fault rule acted at least once; otherwise the run shows nothing about the faults. Expected wherever there are faults. */
export function everyFaultHappened(): Made<Spec> {
  return madeSpec({ name: 'every-fault-happened' });
}

export default defineExpectation({
  name: 'every-fault-happened',
  summary: 'every fault rule acted at least once; else unknown',
  settings: defineSettings({}),
  judge(records) {
    const counts = records.flatMap(({ faultsFired, scenario }) =>
      scenario.faults.map((rule, index) => ({ fault: rule.fault, index, count: faultsFired[index] ?? 0 })),
    );
    const idle = [
      ...new Set(counts.filter(({ count }) => count === 0).map(({ fault, index }) => `faults.${index} (${fault})`)),
    ];
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    if (counts.length === 0) return { holds: 'unknown', observed: 0, detail: 'the scenario has no faults' };
    if (idle.length > 0) return { holds: 'unknown', observed: total, detail: `never happened: ${idle.join(', ')}` };
    return { holds: true, observed: total, detail: `every fault happened; ${total} times in all` };
  },
});

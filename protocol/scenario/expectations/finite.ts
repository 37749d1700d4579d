import { defineExpectation } from '../expectation.js';
import type { Spec } from '../scenario.js';
import { strict } from '../structure.js';

/** Nothing that was measured is NaN or infinite. Expected of every run. */
export function finite(): Spec {
  return { name: 'finite' };
}

export default defineExpectation({
  name: 'finite',
  summary: 'no measured number is NaN or infinite',
  settings: strict({}),
  judge(records) {
    let count = 0;
    for (const { rows } of records) {
      for (const row of rows) {
        const measured = Object.entries({ loss: row.loss, accuracy: row.accuracy, ...row.extra });
        for (const [name, value] of measured) {
          if (value === null) continue;
          count++;
          if (!Number.isFinite(value))
            return { holds: false, observed: String(value), detail: `${name} is ${value} after ${row.round} rounds` };
        }
      }
    }
    if (count === 0) return { holds: 'unknown', observed: null, detail: 'nothing was measured' };
    return { holds: true, observed: count, detail: `all ${count} measured numbers are finite` };
  },
});

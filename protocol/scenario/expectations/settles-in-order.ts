import { list, number } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type Finding, type RunRecord } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import { seriesOf } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { series } from '../settings.js';

/** Groups of series settle at or below a value one group after the other: the last of a group before the first of the next. */
export function settlesInOrder(settings: { groups: readonly (readonly string[])[]; below: number }): Made<Spec> {
  return madeSpec({ ...settings, name: 'settles-in-order' });
}

export default defineExpectation({
  name: 'settles-in-order',
  summary: 'groups of series come to stay at or below a value in the listed order, in every run',
  settings: defineSettings({
    groups: list(
      list(series(required), required, 'Series', 1),
      required,
      'Groups of series, the first to settle first',
      2,
    ),
    below: number(required, 'They come to stay at or below this'),
  }),
  judge(records, { groups, below }) {
    let last: Finding = { holds: 'unknown', observed: null, detail: 'there is no record to judge' };
    for (const record of records) {
      const settled = groups.map((group) => group.map((name) => settledRound(record, name, below)));
      const observed = settled.map((rounds) => rounds.map((round) => round ?? 'never').join(', ')).join('; ');
      const detail = `rounds from which ${groups.map((group) => group.join(', ')).join('; ')} stay at or below ${below}: ${observed}`;
      if (settled.flat().includes(null)) return { holds: false, observed, detail };
      const inOrder = settled
        .slice(1)
        .every((rounds, g) => Math.min(...numbers(rounds)) > Math.max(...numbers(settled[g]!)));
      last = { holds: inOrder, observed, detail };
      if (!inOrder) return last;
    }
    return last;
  },
});

function numbers(rounds: readonly (number | null)[]): number[] {
  return rounds.filter((round) => round !== null);
}

/** First recorded round from which the series stays at or below the value; null where its last value is above. */
function settledRound(record: RunRecord, name: string, below: number): number | null {
  let settled: number | null = null;
  for (const { round, value } of seriesOf(record, name)) {
    if (!(value <= below)) settled = null;
    else settled ??= round;
  }
  return settled;
}

import { count } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type RunRecord } from '../expectation.js';
import { matches } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { inDigits, seriesOf } from '../quantity.js';
import type { Json, Spec } from '../scenario.js';
import { chosenRuns, inWords, least, most, oneBound, series, within } from '../settings.js';

type Values = Readonly<Record<string, Json>>;

/**
 * How many rounds some runs of a sweep need until a series is as low as it is in others after `rivalRound` rounds (left out:
 * at their end), as a mean over the runs; each is held against the mean of the rivals. `runner` and `rival` choose runs by the
 * values at paths of their scenarios.
 */
export function roundsToMatch(settings: {
  of: string;
  runner: Values;
  rival: Values;
  rivalRound?: number | null;
  least?: number | null;
  most?: number | null;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'rounds-to-match' });
}

export default defineExpectation({
  name: 'rounds-to-match',
  summary: 'rounds that some runs need until a series is as low as in others after a given round lie within bounds',
  settings: defineSettings({
    of: series(required, 'A series that falls'),
    runner: chosenRuns(required, 'Runs whose rounds are counted'),
    rival: chosenRuns(required, 'Runs whose value they must reach'),
    rivalRound: count(null, 'The value after this round; null: after the last'),
    least,
    most,
  }).and(oneBound),
  judge(records, { of, runner, rival, rivalRound, least, most }) {
    const rivals = records.filter((record) => matches(record, rival as Values));
    const runners = records.filter((record) => matches(record, runner as Values));
    const targets = rivals.map((record) => valueAt(record, of, rivalRound));
    if (runners.length === 0 || targets.length === 0 || targets.includes(null))
      return { holds: 'unknown', observed: null, detail: `no run, or no '${of}' where the rivals are read` };
    const target = (targets as number[]).reduce((sum, value) => sum + value, 0) / targets.length;
    const rounds = runners.map((record) => seriesOf(record, of).find(({ value }) => value <= target)?.round);
    const expected = `expected ${inWords(least, most)}`;
    if (rounds.includes(undefined)) {
      const detail = `a run never has ${of} as low as ${inDigits(target)}, ${expected} rounds`;
      // Without an upper bound not arriving is as good as arriving late.
      return { holds: most === null, observed: null, detail };
    }
    const mean = (rounds as number[]).reduce((sum, round) => sum + round, 0) / rounds.length;
    const detail = `${of} is as low as ${inDigits(target)} after ${inDigits(mean)} rounds, ${expected}`;
    return { holds: within(mean, least, most), observed: mean, detail };
  },
});

function valueAt(record: RunRecord, of: string, round: number | null): number | null {
  const found = seriesOf(record, of);
  return (round === null ? found.at(-1) : found.find((row) => row.round === round))?.value ?? null;
}

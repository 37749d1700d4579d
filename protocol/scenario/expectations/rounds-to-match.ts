import { count } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type RunRecord } from '../expectation.js';
import { matches } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { meanInterval, seedsOf } from '../paired-ratio.js';
import { inDigits, seriesOf } from '../quantity.js';
import type { Json, Spec } from '../scenario.js';
import { chosenRuns, inWords, least, most, oneBound, series, within } from '../settings.js';
import { choiceInWords } from '../wording.js';

type Values = Readonly<Record<string, Json>>;

/**
 * How many rounds some runs of a sweep need until a series is as low as it is in others after `rivalRound` rounds (left out:
 * at their end), as a mean over the runs; each is held against the mean of the rivals of its seed, or of all where its seed has
 * none. `runner` and `rival` choose runs by the values at paths of their scenarios. Over two seeds or more the words give
 * the 95 % interval of the mean.
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
    const targets = runners.map((record) => {
      const paired = rivals.filter(({ scenario }) => scenario.seed === record.scenario.seed);
      return meanAt(paired.length > 0 ? paired : rivals, of, rivalRound);
    });
    if (runners.length === 0 || rivals.length === 0 || targets.includes(null))
      return { holds: 'unknown', observed: null, detail: `no run, or no '${of}' where the rivals are read` };
    const target = mean(targets as number[]);
    const rounds = runners.map((record, i) => seriesOf(record, of).find(({ value }) => value <= targets[i]!)?.round);
    const expected = `expected ${inWords(least, most)}`;
    const after = rivalRound === null ? 'at the end' : `after ${rivalRound} rounds`;
    const goal = `${of} ${inDigits(target)} ${after} (${choiceInWords(rival as Values)})`;
    const whose = `(${choiceInWords(runner as Values)})`;
    if (rounds.includes(undefined))
      // Without an upper bound not arriving is as good as arriving late.
      return {
        holds: most === null,
        observed: null,
        detail: `${goal} is never reached by a run ${whose}, ${expected} rounds`,
      };
    const needed = mean(rounds as number[]);
    const detail = `${goal} is reached after ${inDigits(needed)} rounds ${whose}${spread(runners, rounds as number[])}, ${expected}`;
    return { holds: within(needed, least, most), observed: needed, detail };
  },
});

function spread(runners: readonly RunRecord[], rounds: readonly number[]): string {
  const seeds = seedsOf(runners);
  const perSeed = seeds.map((seed) => mean(rounds.filter((_, i) => runners[i]!.scenario.seed === seed)));
  const interval = meanInterval(perSeed);
  return interval
    ? ` (95 % interval ${inDigits(interval.low)} to ${inDigits(interval.high)}, ${seeds.length} seeds)`
    : '';
}

function meanAt(records: readonly RunRecord[], of: string, round: number | null): number | null {
  const values = records.map((record) => valueAt(record, of, round));
  return values.length === 0 || values.includes(null) ? null : mean(values as number[]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function valueAt(record: RunRecord, of: string, round: number | null): number | null {
  const found = seriesOf(record, of);
  return (round === null ? found.at(-1) : found.find((row) => row.round === round))?.value ?? null;
}

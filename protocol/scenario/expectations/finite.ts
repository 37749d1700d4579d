import { oneOf } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type MetricsRow } from '../expectation.js';
import { type Made, madeSpec } from '../made.js';
import { numberIn } from '../quantity.js';
import type { Spec } from '../scenario.js';

/** Nothing that was measured, in a round or of the whole run, is NaN or infinite, and no loss, error, norm or variance grows without bound. Expected of every run. */
export function finite(settings: { readonly growth?: 'bounded' | 'allowed' } = {}): Made<Spec> {
  return madeSpec({ name: 'finite', ...settings });
}

/** Figures whose growth is judged: sizes. A ratio such as the noise scale may grow because its denominator vanishes. */
const SIZES = /(loss|error|squared|norm|variance)$/i;

/** A size beyond this is no answer of any model: the run has blown up, however few rows there are and wherever it stopped. */
const ABSURD = 1e25;

const DIVERGED = 'the run diverges, mostly since a step size is too large';

const UNSTABLE =
  'the run is unstable: the peers drift apart, mostly since the step size is above what the topology allows';

const roundsText = (round: number) => `${round} ${round === 1 ? 'round' : 'rounds'}`;

/** Rows of a figure below which its growth is not judged. */
const LEAST_ROWS = 12;
/** From one quarter of a run to the next; t^4 grows less. */
const QUARTER_GROWTH = 4;
/** From the first quarter to the last. */
const RUN_GROWTH = 1000;

/**
 * Does a series grow by a constant factor or faster to its end? Its largest magnitude is, in each of the last two quarters, four
 * times that of the quarter before, and in the last a thousand times that of the first; and all of the last quarter lies above
 * all of the second, which single outliers of a noisy figure do not. What only counts up does not grow so.
 */
function growsWithoutBound(values: readonly number[]): boolean {
  if (values.length < LEAST_ROWS) return false;
  const quarter = (k: number) =>
    values.slice(Math.floor((k * values.length) / 4), Math.floor(((k + 1) * values.length) / 4)).map(Math.abs);
  const largest = (k: number) => quarter(k).reduce((most, value) => Math.max(most, value), 0);
  const [first, second, third, last] = [largest(0), largest(1), largest(2), largest(3)];
  if (quarter(3).some((value) => value <= second)) return false;
  return second > 0 && third >= QUARTER_GROWTH * second && last >= QUARTER_GROWTH * third && last >= RUN_GROWTH * first;
}

/** What a run measured, by name, without the rows in which it was not. */
function seriesOf(
  rows: readonly MetricsRow[],
): ReadonlyMap<string, { readonly round: number; readonly value: number }[]> {
  const series = new Map<string, { readonly round: number; readonly value: number }[]>();
  for (const { round, loss, accuracy, extra } of rows) {
    for (const [name, value] of Object.entries({ loss, accuracy, ...extra })) {
      if (value === null) continue;
      const known = series.get(name) ?? [];
      series.set(name, known);
      known.push({ round, value });
    }
  }
  return series;
}

export default defineExpectation({
  name: 'finite',
  summary:
    'no measured number, of a round or of the whole run, is NaN or infinite, and no loss, error, norm or variance grows without bound',
  settings: defineSettings({
    growth: oneOf(['bounded', 'allowed'], 'bounded', 'May a loss, error, norm or variance grow without bound?'),
  }),
  judge(records, { growth }) {
    let count = 0;
    for (const { rows, summary } of records) {
      const series = seriesOf(rows);
      const ending = growsWithoutBound((series.get('consensusError') ?? []).map(({ value }) => value))
        ? UNSTABLE
        : DIVERGED;
      for (const [name, measured] of series) {
        count += measured.length;
        const broken = measured.find(({ value }) => !Number.isFinite(value));
        if (broken)
          return {
            holds: false,
            observed: String(broken.value),
            detail: `${name} is ${broken.value} after ${roundsText(broken.round)}`,
          };
        const absurd = measured.find(({ value }) => Math.abs(value) > ABSURD);
        if (growth === 'bounded' && SIZES.test(name) && absurd)
          return {
            holds: false,
            observed: absurd.value,
            detail: `${name} is ${absurd.value} after ${roundsText(absurd.round)}; ${ending}`,
          };
        if (growth === 'bounded' && SIZES.test(name) && growsWithoutBound(measured.map(({ value }) => value))) {
          const { round, value } = measured.at(-1)!;
          return {
            holds: false,
            observed: value,
            detail: `${name} grows without bound: ${value} after ${roundsText(round)}; ${ending}`,
          };
        }
      }
      for (const [name, entry] of Object.entries(summary)) {
        const value = numberIn(entry);
        if (value !== null && !Number.isFinite(value))
          return { holds: false, observed: String(value), detail: `${name} of the run is ${value}` };
      }
    }
    if (count === 0) return { holds: 'unknown', observed: null, detail: 'nothing was measured' };
    return { holds: true, observed: count, detail: `all ${count} measured numbers are finite` };
  },
});

import { log } from '../../numerics/elementary.js';
import { count, number, text } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineExpectation, type RunRecord } from '../expectation.js';
import { groupsOf } from '../groups.js';
import { type Made, madeSpec } from '../made.js';
import { figureOf, inDigits, meanFigure, seriesOf } from '../quantity.js';
import type { Spec } from '../scenario.js';
import { figure, inWords, least, most, oneBound, within } from '../settings.js';

/**
 * The exponent p of value - minus = c * x^p, by least squares of the logarithms. `against` 'round': `of` is a series, x
 * the number of rounds done, in a window of rounds fromRound <= x <= toRound (left out: all); runs of a sweep are averaged
 * at each round first. `against` a path of the scenario, or a figure such as `spectralGap`: `of` is a figure, x the number there,
 * over a sweep.
 */
export function slope(settings: {
  of: string;
  against?: string;
  minus?: number;
  fromRound?: number;
  toRound?: number | null;
  least?: number | null;
  most?: number | null;
}): Made<Spec> {
  return madeSpec({ ...settings, name: 'slope' });
}

export default defineExpectation({
  name: 'slope',
  summary: 'a log-log slope, of a series against the rounds or of a figure against a swept number, lies within bounds',
  settings: defineSettings({
    of: { ...figure(required, 'A series, or a figure against a swept number'), reads: 'either' as const },
    against: { ...text('round', "'round', a figure or a swept path"), reads: 'axis' as const },
    minus: number(0, 'Taken off each value first'),
    fromRound: count(1, 'First round that counts'),
    toRound: count(null, 'Last round that counts; null: the last'),
    least,
    most,
  }).and(oneBound),
  judge(records, { of, against, minus, fromRound, toRound, least, most }) {
    const found = against === 'round' ? byRound(records, of) : byPath(records, of, against);
    const inWindow = found.filter(({ x }) => against !== 'round' || (x >= fromRound && x <= (toRound ?? x)));
    const points = inWindow.map(({ x, y }) => ({ x, y: y - minus }));
    if (new Set(points.map(({ x }) => x)).size < 2)
      return {
        holds: 'unknown',
        observed: null,
        detail: `two points of '${of}' against '${against}' or more are needed`,
      };
    const bad = points.find(({ x, y }) => !(x > 0 && y > 0 && Number.isFinite(y)));
    if (bad) {
      const detail = `a logarithm needs positive numbers; at ${against} ${bad.x} ${of} less ${minus} is ${inDigits(bad.y)}`;
      return { holds: 'unknown', observed: bad.y, detail };
    }
    const value = logLogSlope(points);
    const detail = `slope of ${of} against ${against} over ${points.length} points is ${inDigits(value)}, expected ${inWords(least, most)}`;
    return { holds: within(value, least, most), observed: value, detail };
  },
});

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Rounds that every record has. */
function byRound(records: readonly RunRecord[], series: string): Point[] {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const record of records) {
    for (const { round, value } of seriesOf(record, series)) {
      const { sum, count } = sums.get(round) ?? { sum: 0, count: 0 };
      sums.set(round, { sum: sum + value, count: count + 1 });
    }
  }
  return [...sums]
    .filter(([, { count }]) => count === records.length)
    .map(([round, { sum, count }]) => ({ x: round, y: sum / count }));
}

function byPath(records: readonly RunRecord[], figure: string, path: string): Point[] {
  const measured = records.map((record) => ({ x: figureOf(record, path), y: figureOf(record, figure) }));
  if (measured.every((point): point is Point => point.x !== null && point.y !== null)) return measured;
  return groupsOf(records, path).flatMap(({ value, records: members }) => {
    const mean = meanFigure(members, figure);
    return typeof value === 'number' && mean !== null ? [{ x: value, y: mean }] : [];
  });
}

function logLogSlope(points: readonly Point[]): number {
  const logs = points.map(({ x, y }) => ({ x: log(x), y: log(y) }));
  const meanX = logs.reduce((sum, { x }) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, { y }) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const variance = logs.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}

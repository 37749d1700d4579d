import type { MetricsRow, RunRecord } from './expectation.js';
import type { Json } from './scenario.js';

/**
 * Names of what a run shows. A series has a value a round: `loss`, `accuracy`, `bytesUp`, `bytesDown`, `bytesPeer`,
 * `bytes` (all three), `simulatedMs`, `wallMs`, or anything measured besides. A figure is one number a run: an entry of
 * the summary, or a series after `first`, `final`, `least`, `greatest`, `mean`, `late` (the mean over the last quarter of
 * its rounds) or `total`: `finalLoss`, `totalBytesUp`,
 * or with a dot where the series' name must stay as it is, `final.gsnr.mean`. Two figures with ' / ' between them are their
 * quotient: `finalLoss / finalTrainLoss`. `roundsTo(loss<=0.1)`, `roundsTo(accuracy>=0.9)`: the first round in which a series is
 * there.
 */

const OWN = ['loss', 'accuracy', 'bytesUp', 'bytesDown', 'bytesPeer', 'simulatedMs', 'wallMs'] as const;

/** Series that every run has. */
export const ROW_SERIES: readonly string[] = [...OWN, 'bytes'];

/** What a figure may be of a series. */
export const STATISTICS = ['first', 'final', 'least', 'greatest', 'mean', 'late', 'total'] as const;

/** The series' value in a row; null where the row has none. */
export function seriesValue(row: MetricsRow, series: string): number | null {
  if (series === 'bytes') return row.bytesUp + row.bytesDown + row.bytesPeer;
  if (OWN.some((name) => name === series)) return row[series as (typeof OWN)[number]];
  return Object.hasOwn(row.extra, series) ? row.extra[series]! : null;
}

/** The rounds that have a value of the series, with the value. */
export function seriesOf(record: RunRecord, series: string): { readonly round: number; readonly value: number }[] {
  return record.rows.flatMap((row) => {
    const value = seriesValue(row, series);
    return value === null ? [] : [{ round: row.round, value }];
  });
}

/** The number that an entry of a summary is, also one that JSON writes as text; null: a word, or not measured. */
export function numberIn(entry: Json): number | null {
  if (typeof entry === 'number') return entry;
  return entry === 'NaN' || entry === 'Infinity' || entry === '-Infinity' ? Number(entry) : null;
}

const FIGURE = new RegExp(`^(${STATISTICS.join('|')})(\\.?)(.+)$`);

const QUOTIENT = ' / ';

const TARGET = /^roundsTo\(([^<>]+)(<=|>=)([^<>]+)\)$/;

function roundsTo(record: RunRecord, series: string, sign: string, bound: number): number | null {
  const there = seriesOf(record, series).find(({ value }) => (sign === '<=' ? value <= bound : value >= bound));
  return there?.round ?? null;
}

/** The figure's value; null where the run has no such figure. */
export function figureOf(record: RunRecord, figure: string): number | null {
  const [of, ...over] = figure.split(QUOTIENT);
  if (over.length > 0) {
    const [top, bottom] = [figureOf(record, of!), figureOf(record, over.join(QUOTIENT))];
    return top === null || bottom === null ? null : top / bottom;
  }
  const summed = Object.hasOwn(record.summary, figure) ? numberIn(record.summary[figure]!) : null;
  if (summed !== null) return summed;
  const target = TARGET.exec(figure);
  if (target) return roundsTo(record, target[1]!, target[2]!, Number(target[3]));
  const [, statistic, dot, rest] = FIGURE.exec(figure) ?? [];
  if (statistic === undefined || rest === undefined) return null;
  const series = dot === '' ? rest[0]!.toLowerCase() + rest.slice(1) : rest;
  const values = seriesOf(record, series).map(({ value }) => value);
  return values.length === 0 ? null : statisticOf(statistic, values);
}

function statisticOf(statistic: string, values: readonly number[]): number {
  switch (statistic) {
    case 'first':
      return values[0]!;
    case 'final':
      return values.at(-1)!;
    case 'least':
      return values.reduce((least, value) => Math.min(least, value));
    case 'greatest':
      return values.reduce((greatest, value) => Math.max(greatest, value));
    case 'late':
      return mean(values.slice(-Math.ceil(values.length / 4)));
    case 'total':
      return sum(values);
    default:
      return mean(values);
  }
}

/** The mean over the records; null where one of them lacks the figure. */
export function meanFigure(records: readonly RunRecord[], figure: string): number | null {
  const values = records.map((record) => figureOf(record, figure));
  return values.length === 0 || values.includes(null) ? null : mean(values as number[]);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What a report prints of a number. */
export function inDigits(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
}

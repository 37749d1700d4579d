import { meanInterval } from '../../protocol/scenario/paired-ratio.js';
import type { SweepPoint } from '../run-directory/sweep-directory.js';
import { figureName, figureText } from './figure-text.js';
import { html, type MarkupPart } from './markup.js';
import { table } from './report-page.js';
import { groupsOf, settingName } from './sweep-tables.js';

/** Compared where all points have them and they vary. */
const FIGURES = ['finalAccuracy', 'finalLoss'];

/** A figure under one setting against that under the first, over the seeds that both have. */
export interface SeedDifference {
  readonly figure: string;
  /** What differs besides the seed, of the first and of this setting. */
  readonly against: SweepPoint['settings'];
  readonly settings: SweepPoint['settings'];
  readonly seeds: number;
  readonly meanDifference: number;
  /** 95 %, paired by seed. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Over seeds, divisor n - 1. */
  readonly spread: number;
  /**
   * Of an accuracy on n held-out examples with error e, sqrt(e / (2 n)): the standard deviation over runs that differ in nothing but chance, where
   * two classes are predicted as often as they are right (Jordan, "Calibrated Chaos", ICLR 2024; the abstract was read, the formula
   * derived again: of examples which a share q of all runs gets wrong or right, e = E 2 q (1 - q) and the variance is E q (1 - q) / n). null: no
   * accuracy, or n is not known.
   */
  readonly testSetSpread: number | null;
  /** Does the interval leave 0 out? */
  readonly isDifference: boolean;
}

/** Each setting against the first. Nothing below two settings of two common seeds. */
export function seedDifferences(points: readonly SweepPoint[], testExamples: number | undefined): SeedDifference[] {
  return FIGURES.flatMap((figure) => {
    const values = points.map(({ results }) => results[figure]);
    if (!values.every((value) => typeof value === 'number') || new Set(values).size < 2) return [];
    return differencesOf(points, figure, testExamples);
  });
}

function differencesOf(
  points: readonly SweepPoint[],
  figure: string,
  testExamples: number | undefined,
): SeedDifference[] {
  const names = sweptBesideSeed(points);
  const [first, ...others] = groupsOf(points, names);
  if (!first) return [];
  const valueAt = (group: typeof first, seed: unknown) =>
    group.points.find((point) => point.settings.seed === seed)?.results[figure] as number | undefined;
  const chosen = (settings: SweepPoint['settings']) =>
    Object.fromEntries(names.flatMap((name) => (name in settings ? [[name, settings[name]!]] : [])));
  return others.flatMap((group) => {
    const seeds = first.points.map((point) => point.settings.seed).filter((seed) => valueAt(group, seed) !== undefined);
    const values = seeds.map((seed) => valueAt(group, seed)!);
    const differences = seeds.map((seed, i) => values[i]! - valueAt(first, seed)!);
    const interval = meanInterval(differences);
    if (!interval) return [];
    const mean = meanOf(values);
    const isAccuracy = figure === 'finalAccuracy' && testExamples;
    return [
      {
        figure,
        against: chosen(first.settings),
        settings: chosen(group.settings),
        seeds: seeds.length,
        meanDifference: meanOf(differences),
        interval,
        spread: spreadOf(values),
        testSetSpread: isAccuracy ? Math.sqrt(Math.max(0, 1 - mean) / (2 * testExamples)) : null,
        isDifference: interval.low > 0 || interval.high < 0,
      },
    ];
  });
}

function sweptBesideSeed(points: readonly SweepPoint[]): string[] {
  const names = [...new Set(points.flatMap((point) => Object.keys(point.settings)))];
  return names.filter((name) => name !== 'seed' && new Set(points.map((point) => point.settings[name])).size > 1);
}

/** A table of differences in words: a heading each, and rows. */
export interface DifferenceTable {
  readonly title: string;
  readonly settings: readonly string[];
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const HEADINGS = [
  'seeds',
  'mean difference',
  '95 % interval',
  'spread over seeds',
  'spread of the test set alone',
  'so',
];

export function differenceTables(differences: readonly SeedDifference[]): DifferenceTable[] {
  return FIGURES.flatMap((figure) => {
    const own = differences.filter((one) => one.figure === figure);
    if (own.length === 0) return [];
    const names = [...new Set(own.flatMap(({ against, settings }) => Object.keys({ ...against, ...settings })))];
    const text = (value: number) => figureText(figure, value);
    const base = names.map((name) => `${settingName(name, names)} = ${own[0]!.against[name] ?? '–'}`).join(', ');
    return [
      {
        title: `${figureName(figure)} against ${base}, paired by seed:`,
        settings: names.map((name) => settingName(name, names)),
        headings: HEADINGS,
        rows: own.map((one) => [
          ...names.map((name) => String(one.settings[name] ?? '–')),
          String(one.seeds),
          text(one.meanDifference),
          `${text(one.interval.low)} to ${text(one.interval.high)}`,
          text(one.spread),
          one.testSetSpread === null ? '–' : text(one.testSetSpread),
          one.isDifference ? 'a difference' : 'no difference shown',
        ]),
      },
    ];
  });
}

/**
 * Each setting against the first, over the seeds that both have: the mean difference with its 95 % interval, paired by seed, and beside it the spread
 * over seeds and that which the number of held-out examples gives by itself. It is called a difference only where the interval leaves 0 out.
 */
export function seedComparisons(points: readonly SweepPoint[], testExamples: number | undefined): MarkupPart {
  return differenceMarkup(seedDifferences(points, testExamples));
}

/** Null: there is nothing to compare. */
export function differenceMarkup(differences: readonly SeedDifference[]): MarkupPart {
  const tables = differenceTables(differences).map(({ title, settings, headings, rows }) => {
    const numeric = headings.map((heading) => ({ heading, numeric: heading !== 'so' }));
    return html`<p>${title}</p>
${table([...settings.map((heading) => ({ heading })), ...numeric], rows)}`;
  });
  return tables.length > 0 ? tables : null;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Divisor n - 1. */
function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

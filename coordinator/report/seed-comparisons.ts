import { meanInterval } from '../../protocol/scenario/paired-ratio.js';
import type { SweepPoint } from '../run-directory/sweep-directory.js';
import { figureName, figureText } from './figure-text.js';
import { html, type Markup, type MarkupPart } from './markup.js';
import { table } from './report-page.js';
import { groupsOf, settingName } from './sweep-tables.js';

/** Compared where all points have them and they vary. */
const FIGURES = ['finalAccuracy', 'finalLoss'];

/**
 * Each setting against the first, over the seeds that both have: the mean difference with its 95 % interval, paired by seed, and beside it the spread
 * over seeds and, of an accuracy p on n held-out examples, the spread sqrt(p (1 - p) / n) that so few of them give by themselves. It is
 * called a difference only where the interval leaves 0 out. Nothing below two settings of two common seeds.
 */
export function seedComparisons(points: readonly SweepPoint[], testExamples: number | undefined): MarkupPart {
  const tables = FIGURES.flatMap((figure) => {
    const values = points.map(({ results }) => results[figure]);
    if (!values.every((value) => typeof value === 'number') || new Set(values).size < 2) return [];
    return comparison(points, figure, testExamples) ?? [];
  });
  return tables.length > 0 ? tables : null;
}

function comparison(points: readonly SweepPoint[], figure: string, testExamples: number | undefined): Markup | null {
  const settings = [...new Set(points.flatMap((point) => Object.keys(point.settings)))].filter(
    (name) => name !== 'seed',
  );
  const [first, ...others] = groupsOf(points, settings);
  if (!first || others.length === 0) return null;
  const swept = settings.filter((name) => new Set(points.map((point) => point.settings[name])).size > 1);
  const valueAt = (group: typeof first, seed: unknown) =>
    group.points.find((point) => point.settings.seed === seed)?.results[figure] as number | undefined;
  const rows = others.flatMap((group) => {
    const seeds = first.points.map((point) => point.settings.seed).filter((seed) => valueAt(group, seed) !== undefined);
    const values = seeds.map((seed) => valueAt(group, seed)!);
    const differences = seeds.map((seed, i) => values[i]! - valueAt(first, seed)!);
    const interval = meanInterval(differences);
    if (!interval) return [];
    const mean = meanOf(values);
    const alone =
      figure === 'finalAccuracy' && testExamples ? Math.sqrt(Math.max(0, mean * (1 - mean)) / testExamples) : null;
    return [
      [
        ...swept.map((name) => String(group.settings[name] ?? '–')),
        String(seeds.length),
        figureText(figure, meanOf(differences)),
        `${figureText(figure, interval.low)} to ${figureText(figure, interval.high)}`,
        figureText(figure, spreadOf(values)),
        alone === null ? '–' : figureText(figure, alone),
        interval.low > 0 || interval.high < 0 ? 'a difference' : 'no difference shown',
      ],
    ];
  });
  if (rows.length === 0) return null;
  const base = swept.map((name) => `${settingName(name, swept)} = ${first.settings[name] ?? '–'}`).join(', ');
  return html`<p>${figureName(figure)} against ${base}, paired by seed:</p>
${table(
  [
    ...swept.map((name) => ({ heading: settingName(name, swept) })),
    { heading: 'seeds', numeric: true },
    { heading: 'mean difference', numeric: true },
    { heading: '95 % interval', numeric: true },
    { heading: 'spread over seeds', numeric: true },
    { heading: 'spread of the test set alone', numeric: true },
    { heading: 'so' },
  ],
  rows,
)}`;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Divisor n - 1. */
function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

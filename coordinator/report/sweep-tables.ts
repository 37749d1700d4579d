import type { SweepPoint } from '../run-directory/sweep-directory.js';
import { figureName, figureText } from './figure-text.js';
import { html, type Markup, type MarkupPart } from './markup.js';
import { badge, facts, table } from './report-page.js';

/** Beside the verdict and the settings; the others stand below one another. */
const MOST_COLUMNS = 6;

/** What a reader looks for first. */
const FIRST = [
  ...[
    'finalAccuracy',
    'finalLoss',
    'predictiveAccuracy',
    'predictiveLoss',
    'epsilon',
    'finalEpsilon',
    'w2',
    'rhatMax',
    'essMin',
  ],
  ...['bytesUp', 'bytesDown', 'bytesPeer', 'simulatedMs'],
];

/** Of this machine at that hour: nothing to compare settings by. */
const MEASURED_BY_THE_CLOCK = ['wallMs', 'checkpointMs', 'checkpoints'];

/** Points of one setting at different seeds. */
export interface Group {
  readonly settings: SweepPoint['settings'];
  readonly points: readonly SweepPoint[];
}

/**
 * All settings, verdict first, with mean and standard deviation over seeds; what is the same everywhere is written once, and what is zero
 * everywhere not at all. Below, every point and every figure. `between`: as `figureName` takes it.
 */
export function sweepTables(points: readonly SweepPoint[], between = 'between peers'): Markup {
  if (points.length === 0) return html`<p>No point is done.</p>`;
  const settings = namesOf(points, 'settings').filter((name) => name !== 'seed');
  const groups = groupsOf(points, settings);
  const seeds = Math.max(...groups.map((group) => group.points.length));
  const results = namesOf(points, 'results').filter((name) => points.some((point) => (point.results[name] ?? 0) !== 0));
  const same = results.filter(
    (name) => points.length > 1 && new Set(points.map((point) => point.results[name])).size === 1,
  );
  const varying = results.filter((name) => !same.includes(name)).sort((a, b) => rank(a) - rank(b));
  const shown = varying.filter((name) => !MEASURED_BY_THE_CLOCK.includes(name)).slice(0, MOST_COLUMNS);
  const swept = settings.filter((name) => new Set(points.map((point) => point.settings[name])).size > 1);
  const crossed = crossTable(groups, swept, shown[0], between);
  return html`${seeds > 1 && html`<p>Mean ± standard deviation over ${seeds} seeds.</p>`}
${crossed}
${table(
  [
    { heading: 'verdict' },
    ...swept.map((name) => ({ heading: settingName(name, swept) })),
    ...shown.map((name) => ({ heading: figureName(name, between), numeric: true })),
  ],
  groups.map((group) => [
    verdictOf(group),
    ...swept.map((name) => String(group.settings[name] ?? '–')),
    ...shown.map((name) => meanText(name, group.points)),
  ]),
)}
${same.length > 0 && html`<p>The same at all points:</p>${facts(same.map((name) => [figureName(name, between), figureText(name, points[0]!.results[name])]))}`}
<details><summary>Every point</summary>${points.map((point) => wholePoint(point, varying, between))}</details>`;
}

/** One figure by two settings of at least three values each, where every pair was run; else nothing. */
function crossTable(
  groups: readonly Group[],
  swept: readonly string[],
  figure: string | undefined,
  between: string,
): MarkupPart {
  const [down, across] = swept;
  if (swept.length !== 2 || !down || !across || !figure) return null;
  const valuesOf = (name: string) => [...new Set(groups.map(({ settings }) => String(settings[name] ?? '–')))];
  const [rows, columns] = [valuesOf(down), valuesOf(across)];
  if (Math.min(rows.length, columns.length) < 3 || columns.length > MOST_COLUMNS) return null;
  const at = (row: string, column: string) =>
    groups.find(({ settings }) => String(settings[down] ?? '–') === row && String(settings[across] ?? '–') === column);
  if (groups.length !== rows.length * columns.length) return null;
  return html`<p>${figureName(figure, between)} by ${settingName(down, swept)} (down) and ${settingName(across, swept)} (across):</p>
${table(
  [{ heading: settingName(down, swept) }, ...columns.map((heading) => ({ heading, numeric: true }))],
  rows.map((row) => [row, ...columns.map((column) => meanText(figure, at(row, column)!.points))]),
)}
<p>Each setting:</p>`;
}

/** The last word of a path, where no other path ends in it. */
export function settingName(path: string, paths: readonly string[]): string {
  const last = (text: string) => text.split('.').at(-1)!;
  return paths.filter((other) => last(other) === last(path)).length > 1 ? path : last(path);
}

function namesOf(points: readonly SweepPoint[], of: 'settings' | 'results'): string[] {
  return [...new Set(points.flatMap((point) => Object.keys(point[of])))];
}

function rank(name: string): number {
  const place = FIRST.indexOf(name);
  return place < 0 ? FIRST.length : place;
}

export function groupsOf(points: readonly SweepPoint[], settings: readonly string[]): Group[] {
  const groups = new Map<string, SweepPoint[]>();
  for (const point of points) {
    const key = JSON.stringify(settings.map((name) => point.settings[name]));
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups.values()].map((members) => ({ settings: members[0]!.settings, points: members }));
}

/** One badge, with how many of the seeds where they do not agree. */
function verdictOf({ points }: Group): MarkupPart {
  const worst = points.some(({ valid }) => valid === false)
    ? false
    : points.every(({ valid }) => valid === true) || 'unknown';
  const agreeing = points.filter(({ valid }) => valid === worst).length;
  return html`${badge(worst)}${agreeing < points.length && html` <small>${agreeing}/${points.length}</small>`}`;
}

/** Divisor n - 1. */
function meanText(name: string, points: readonly SweepPoint[]): string {
  const values = points.map((point) => point.results[name]).filter((value) => typeof value === 'number');
  if (values.length === 0) return '–';
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return figureText(name, mean);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return figureText(name, mean, Math.sqrt(squares / (values.length - 1)));
}

function wholePoint(point: SweepPoint, results: readonly string[], between: string): Markup {
  const name = Object.entries(point.settings).map(([key, value]) => `${key} = ${value}`);
  const href = `${point.directory.split('/').map(encodeURIComponent).join('/')}/report.html`;
  return html`<h3>${badge(point.valid)} <a href="${href}">${name.join(', ') || point.directory}</a></h3>
${facts(results.map((result) => [figureName(result, between), figureText(result, point.results[result])]))}`;
}

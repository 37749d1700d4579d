import { join } from 'node:path';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { replaceFile } from '../run-directory/atomic-file.js';
import type { SweepDirectory } from '../run-directory/sweep-directory.js';
import { html } from './markup.js';
import type { Figure } from './plots.js';
import {
  type Claim,
  claimsTable,
  drawFigures,
  expectationsTable,
  heading,
  type MethodDescription,
  repeat,
} from './report.js';
import { badge, page, section, table } from './report-page.js';
import { comparisonFigures, type NamedRun } from './run-plots.js';
import { numberText } from './units.js';

export interface SweepReportContent {
  readonly title: string;
  readonly summary?: string;
  /** Over the sweep's own expectations. */
  readonly verdict: Verdict;
  /** Of all points, each once. */
  readonly methods?: readonly MethodDescription[];
  /** One curve each; leave out when `figures` has bands over seeds instead. */
  readonly runs?: readonly NamedRun[];
  readonly figures?: readonly Figure[];
  readonly claims?: readonly Claim[];
  readonly repeat?: readonly string[];
  readonly sweep?: unknown;
}

/** Writes the sweep's `report.html`: all points in one table with links to their reports, and their curves in one plot. */
export async function writeSweepReport(directory: SweepDirectory, content: SweepReportContent): Promise<string> {
  const figures = await drawFigures(directory.path, [
    ...(content.figures ?? []),
    ...comparisonFigures(content.runs ?? []),
  ]);
  const body = [
    heading(content, content.methods ?? []),
    section('Expectations', expectationsTable(content.verdict)),
    section('The paper’s claims', claimsTable(content.claims ?? [])),
    section('Plots', figures.length > 0 && html`<div class="figures">${figures}</div>`),
    section('Points', pointsTable(directory)),
    section('How to repeat', repeat(content.repeat ?? [], content.sweep ?? directory.sweepName)),
  ];
  const path = join(directory.path, 'report.html');
  replaceFile(path, page(content.title, body));
  return path;
}

function pointsTable({ points }: SweepDirectory) {
  const settings = [...new Set(points.flatMap((point) => Object.keys(point.settings)))];
  const results = [...new Set(points.flatMap((point) => Object.keys(point.results)))];
  return table(
    [
      ...settings.map((name) => ({
        heading: name,
        numeric: points.every((point) => typeof point.settings[name] === 'number'),
      })),
      ...results.map((name) => ({ heading: name, numeric: true })),
      { heading: 'verdict' },
      { heading: 'report' },
    ],
    points.map((point) => [
      ...settings.map((name) => String(point.settings[name] ?? '–')),
      ...results.map((name) => numberText(point.results[name])),
      badge(point.valid),
      html`<a href="${point.directory.split('/').map(encodeURIComponent).join('/')}/report.html">open</a>`,
    ]),
  );
}

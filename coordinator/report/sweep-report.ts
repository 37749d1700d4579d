import { join } from 'node:path';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { replaceFile } from '../run-directory/atomic-file.js';
import type { Manifest } from '../run-directory/manifest.js';
import type { SweepDirectory } from '../run-directory/sweep-directory.js';
import { html } from './markup.js';
import type { Figure } from './plots.js';
import { provenance } from './provenance.js';
import {
  type Claim,
  claimsTable,
  drawFigures,
  expectationsTable,
  heading,
  type MethodDescription,
  repeat,
} from './report.js';
import { facts, page, section } from './report-page.js';
import { comparisonFigures, type NamedRun } from './run-plots.js';
import { seedComparisons } from './seed-comparisons.js';
import { sweepTables } from './sweep-tables.js';

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
  /** What bytes that no coordinator sees went between. Left out: peers. */
  readonly between?: string;
  /** What all points have in common, by name. */
  readonly settings?: readonly (readonly [string, string])[];
  /** Of the first point. */
  readonly manifest?: Manifest;
}

/** Writes the sweep's `report.html`: all points in one table with links to their reports, and their curves in one plot. */
export async function writeSweepReport(directory: SweepDirectory, content: SweepReportContent): Promise<string> {
  const figures = await drawFigures(directory.path, [
    ...(content.figures ?? []),
    ...comparisonFigures(content.runs ?? []),
  ]);
  const judged = [...content.verdict.expectations, ...(content.verdict.notApplicable ?? [])];
  const body = [
    heading(content, content.methods ?? []),
    section('Results', sweepTables(directory.points, content.between)),
    section('Differences', seedComparisons(directory.points, content.manifest?.testExamples)),
    section(
      'Expectations',
      judged.length > 0 ? expectationsTable(content.verdict) : html`<p>Judged at each point.</p>`,
    ),
    section('The paper’s claims', claimsTable(content.claims ?? [])),
    section('Plots', figures.length > 0 && html`<div class="figures">${figures}</div>`),
    section('What ran', facts(content.settings ?? [])),
    section('How to repeat', repeat(content.repeat ?? [], content.sweep ?? directory.sweepName)),
    content.manifest && html`<footer>${provenance(content.manifest)}</footer>`,
  ];
  const path = join(directory.path, 'report.html');
  replaceFile(path, page(content.title, body));
  return path;
}

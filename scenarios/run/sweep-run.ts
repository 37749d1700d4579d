import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeSweepReport } from '../../coordinator/report/sweep-report.js';
import { readJsonFile, SHAPES } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { SweepDirectory } from '../../coordinator/run-directory/sweep-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { applicable } from '../../protocol/scenario/applicable.js';
import { judge, sweepVerdict, type Verdict } from '../../protocol/scenario/judge.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { shortWords } from '../../protocol/scenario/wording.js';
import { loadUsed } from '../plug-ins/use.js';
import { judgeClaims } from '../report/claims.js';
import { sweepFigures } from '../report/sweep-figures.js';
import { commonSettings } from '../report/sweep-settings.js';
import { loadExpectations } from './catalogue.js';
import { finishedRun, goOn, isFinished } from './go-on.js';
import { redrawReport } from './redraw.js';
import type { RunOptions, SweepOutcome } from './run.js';
import type { SessionResult } from './session.js';
import { shown } from './shown.js';

interface Point {
  readonly label: string;
  readonly result: SessionResult;
}

/** Runs every point in order and judges them together. */
export async function runSweep(sweep: ResolvedSweep, options: RunOptions): Promise<SweepOutcome> {
  const directory = SweepDirectory.create({
    root: 'runs',
    sweepName: sweep.name,
    sweep,
    ...(options.directory === null ? {} : { path: options.directory }),
  });
  return allPoints(sweep, directory, options);
}

/** Continues a stopped sweep: points that are done stay, the one under way continues from its checkpoint. */
export async function resumeSweep(path: string, options: RunOptions): Promise<SweepOutcome> {
  const sweep = sweepIn(path);
  return allPoints(sweep, SweepDirectory.open(path, sweep.name), options);
}

/** Draws a sweep's report again from the points that are done, and the reports of those that have none. */
export async function redrawSweep(path: string): Promise<SweepOutcome> {
  const sweep = sweepIn(path);
  const directory = SweepDirectory.open(path, sweep.name);
  const points: Point[] = [];
  for (const [index, { label, scenario }] of sweep.points.entries()) {
    const point = directory.pathOf(index, label);
    if (!isFinished(point)) continue;
    await loadUsed(scenario.use);
    if (!existsSync(join(point, 'report.html'))) await redrawReport(point);
    points.push({ label, result: await finishedRun(point) });
    note(sweep, directory, index, points.at(-1)!.result);
  }
  return concluded(sweep, directory, points, points.length === sweep.points.length ? null : 'unknown');
}

function sweepIn(path: string): ResolvedSweep {
  return readJsonFile(join(path, 'sweep.json'), SHAPES.sweep);
}

/** Is it the folder of a sweep? */
export function isSweepFolder(path: string): boolean {
  return existsSync(join(path, 'sweep.json'));
}

/** How many points the sweep in a folder has. */
export function pointsOf(path: string): number {
  return sweepIn(path).points.length;
}

async function allPoints(sweep: ResolvedSweep, directory: SweepDirectory, options: RunOptions): Promise<SweepOutcome> {
  const points: Point[] = [];
  for (const [index, { label, values, scenario }] of sweep.points.entries()) {
    const path = directory.pathOf(index, label);
    try {
      const session = { ...options, label, folder: directory.path, point: values };
      const result = await goOn(scenario, path, session, () => directory.createPoint(index, label, scenario));
      points.push({ label, result });
    } catch (error) {
      throw await partly(sweep, directory, points, error);
    }
    note(sweep, directory, index, points.at(-1)!.result);
  }
  return concluded(sweep, directory, points);
}

/** Adds a point that is done to the index. */
function note(sweep: ResolvedSweep, directory: SweepDirectory, index: number, { outcome }: SessionResult): void {
  const { label, values } = sweep.points[index]!;
  directory.addPoint({
    directory: directory.pathOf(index, label).slice(directory.path.length + 1),
    settings: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, scalar(value, sweep.over[name]!)]),
    ),
    valid: outcome.verdict.valid,
    results: numbersOf(outcome.summary),
    stateDigest: outcome.stateDigest || null,
  });
}

/** The error of an interrupted sweep: which points are done and reported, and the command that continues it. */
async function partly(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  points: readonly Point[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof GradswarmError)) return error;
  // A full disk that ended a point has no room for this page either.
  const report = points.length > 0 ? await concluded(sweep, directory, points, 'unknown').catch(() => null) : null;
  const what = error.message.replace(`${error.code}: `, '');
  return new GradswarmError(
    error.code,
    `${points.length} of ${sweep.points.length} points are done, then: ${what}; 'gradswarm resume ${shown(directory.path)}' continues the sweep` +
      (report ? `, ${report.reportPath} shows what there is` : ''),
    { cause: error },
  );
}

async function concluded(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  done: readonly Point[],
  whole: 'unknown' | null = null,
): Promise<SweepOutcome> {
  const expectations = await loadExpectations();
  const records = done.map(({ result }) => result.record);
  const { judged: expected, notApplicable } = applicable(sweep.expect, sweep.changed);
  const judged: Verdict =
    whole === null
      ? {
          ...judge(records, expected, (name) => expectations.get(name)),
          ...(notApplicable.length > 0 && { notApplicable }),
        }
      : { valid: whole, expectations: [] };
  const points = done.map(({ label, result }) => ({ label, outcome: result.outcome }));
  const valid =
    whole ??
    sweepVerdict(
      points.map(({ outcome }) => outcome.verdict),
      judged,
    );
  const verdict = { ...judged, valid };
  directory.writeVerdict(verdict);
  const names = [...new Set(sweep.points.map(({ scenario }) => scenario.method.name))];
  const methods = await Promise.all(names.map(loadMethod));
  const claims = whole === null ? await judgeClaims(sweep.claims, records, sweep.changed) : [];
  const reportPath = await writeSweepReport(directory, {
    title: sweep.name,
    summary: sweep.description,
    verdict,
    methods: methods.map(({ name, paper }) => ({ name, paper })),
    claims,
    figures: sweepFigures(sweep, records),
    repeat: sweep.input ? [`gradswarm run ${shown(directory.path)}`] : [],
    sweep: sweep.input ?? sweep,
    settings: commonSettings(sweep),
    ...(done[0] && { manifest: manifestIn(done[0].result.outcome.directory) }),
  });
  return { directory: shown(directory.path), valid, verdict: judged, points, reportPath: shown(reportPath), claims };
}

function manifestIn(path: string): Manifest {
  return readJsonFile(join(path, 'manifest.json'), SHAPES.manifest);
}

function scalar(value: Json, axis: readonly Json[]): string | number | boolean {
  return value !== null && typeof value === 'object' ? shortWords(value, axis) : (value ?? 'none');
}

function numbersOf(summary: Readonly<Record<string, Json>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(summary).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

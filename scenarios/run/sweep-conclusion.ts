import { join } from 'node:path';
import { betweenWords } from '../../coordinator/report/run-plots.js';
import { writeSweepReport } from '../../coordinator/report/sweep-report.js';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import { writeLongTable } from '../../coordinator/run-directory/long-table.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import type { SweepDirectory } from '../../coordinator/run-directory/sweep-directory.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { applicable } from '../../protocol/scenario/applicable.js';
import { judge, sweepVerdict, type Verdict } from '../../protocol/scenario/judge.js';
import { numberIn } from '../../protocol/scenario/quantity.js';
import type { Json } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';
import { shortWords } from '../../protocol/scenario/wording.js';
import { judgeClaims } from '../report/claims.js';
import { sweepFigures } from '../report/sweep-figures.js';
import { commonSettings } from '../report/sweep-settings.js';
import { loadExpectations } from './catalogue.js';
import type { SweepOutcome } from './run.js';
import type { SessionResult } from './session-options.js';
import { shown } from './shown.js';

/** A point that is done. */
export interface SweepPointResult {
  readonly label: string;
  readonly result: SessionResult;
}

/** Adds a point that is done to the index. */
export function indexPoint(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  index: number,
  { outcome }: SessionResult,
): void {
  const { label, values } = sweep.points[index]!;
  directory.addPoint({
    directory: pathInside(directory, sweep, label),
    settings: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, scalar(value, sweep.over[name]!)]),
    ),
    valid: outcome.verdict.valid,
    results: numbersOf(outcome.summary),
    stateDigest: outcome.stateDigest || null,
  });
}

/** Judges all points together and draws the report. `whole` unknown: some are missing. */
export async function concludeSweep(
  sweep: ResolvedSweep,
  directory: SweepDirectory,
  done: readonly SweepPointResult[],
  whole: 'unknown' | null = null,
): Promise<SweepOutcome> {
  const expectations = await loadExpectations(sweep.expect);
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
  await writeLongTable(
    directory.path,
    done.map(({ label, result: { record } }) => ({
      point: pathInside(directory, sweep, label),
      seed: record.scenario.seed,
      rows: record.rows,
    })),
  );
  const manifests = done.map(({ result }) => manifestIn(result.outcome.directory));
  const reportPath = await writeSweepReport(directory, {
    title: sweep.name,
    summary: sweep.description,
    verdict,
    methods: methods.map(({ name, paper }) => ({ name, paper })),
    claims,
    between: betweenWords(...manifests.map(({ edgeServers = 0 }) => edgeServers)),
    figures: sweepFigures(sweep, records),
    repeat: sweep.input ? [`gradswarm run ${shown(directory.path)}`] : [],
    sweep: sweep.input ?? sweep,
    settings: commonSettings(sweep),
    ...(manifests[0] && { manifest: manifests[0] }),
  });
  return { directory: shown(directory.path), valid, verdict: judged, points, reportPath: shown(reportPath), claims };
}

/** Of a point, as in index.csv. */
function pathInside(directory: SweepDirectory, { points }: ResolvedSweep, label: string): string {
  const index = points.findIndex((point) => point.label === label);
  return directory.pathOf(index, label).slice(directory.path.length + 1);
}

function manifestIn(path: string): Manifest {
  return readJsonFile(join(path, 'manifest.json'), 'manifest');
}

function scalar(value: Json, axis: readonly Json[]): string | number | boolean {
  return value !== null && typeof value === 'object' ? shortWords(value, axis) : (value ?? 'none');
}

function numbersOf(summary: Readonly<Record<string, Json>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(summary).flatMap(([name, entry]) => {
      const value = numberIn(entry);
      return value === null ? [] : [[name, value]];
    }),
  );
}

import { join } from 'node:path';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { jsonText, replaceFile } from './atomic-file.js';
import type { RunSetting } from './manifest.js';
import { csvLine } from './metrics.js';
import { newFolder } from './new-folder.js';
import { RunDirectory } from './run-directory.js';
import { createRunPath, safeName } from './run-path.js';

/** One point of a sweep: the varied settings and the results. */
export interface SweepPoint {
  /** Folder of the point, relative to the sweep's. */
  readonly directory: string;
  /** Varied keys and their values. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly valid: Verdict['valid'];
  /** Named results, such as finalLoss. */
  readonly results: Readonly<Record<string, number | null>>;
  readonly stateDigest: string | null;
}

/** A folder with one run directory a point; `index.csv` and `index.json` compare them. */
export class SweepDirectory {
  readonly path: string;
  readonly sweepName: string;
  private readonly kept: SweepPoint[] = [];

  private constructor(path: string, sweepName: string) {
    this.path = path;
    this.sweepName = sweepName;
  }

  /** Under `root`, or with `path` in that folder. */
  static create(sweep: {
    readonly root: string;
    readonly sweepName: string;
    readonly sweep: unknown;
    readonly path?: string;
  }): SweepDirectory {
    const path = sweep.path ?? createRunPath(sweep.root, sweep.sweepName, new Date()).path;
    if (sweep.path !== undefined) newFolder(path);
    replaceFile(join(path, 'sweep.json'), `${jsonText(sweep.sweep, 2)}\n`);
    return new SweepDirectory(path, sweep.sweepName);
  }

  /** The folder of a sweep that was begun before. */
  static open(path: string, sweepName: string): SweepDirectory {
    return new SweepDirectory(path, sweepName);
  }

  /** The folder of a point. */
  pathOf(index: number, label: string): string {
    return pointFolder(this.path, index, label);
  }

  /** The run directory of point `index` (from 0); `label` names its varied settings in a few characters. */
  createPoint(index: number, label: string, scenario: unknown, setting?: RunSetting): RunDirectory {
    return RunDirectory.create({
      root: this.path,
      scenarioName: this.sweepName,
      scenario,
      path: this.pathOf(index, label),
      ...(setting && { setting }),
    });
  }

  /** Adds a finished point, in whatever order they finish, and rewrites both indexes, so that a stopped sweep keeps its finished points. */
  addPoint(point: SweepPoint): void {
    this.kept.push(point);
    this.kept.sort((a, b) => a.directory.localeCompare(b.directory, 'en', { numeric: true }));
    replaceFile(join(this.path, 'index.json'), `${jsonText({ sweep: this.sweepName, points: this.kept }, 2)}\n`);
    replaceFile(join(this.path, 'index.csv'), indexCsv(this.kept));
  }

  writeVerdict(verdict: Verdict): void {
    replaceFile(join(this.path, 'verdict.json'), `${jsonText(verdict, 2)}\n`);
  }

  get points(): readonly SweepPoint[] {
    return this.kept;
  }
}

/** The folder of point `index` (from 0) in that of a sweep. */
export function pointFolder(sweep: string, index: number, label: string): string {
  return join(sweep, safeName(`point-${String(index).padStart(3, '0')}-${label}`).slice(0, 120));
}

function indexCsv(points: readonly SweepPoint[]): string {
  const settings = [...new Set(points.flatMap((point) => Object.keys(point.settings)))];
  const results = [...new Set(points.flatMap((point) => Object.keys(point.results)))];
  const rows = points.map((point) => [
    point.directory,
    ...settings.map((name) => String(point.settings[name] ?? '')),
    String(point.valid),
    ...results.map((name) => String(point.results[name] ?? '')),
    point.stateDigest ?? '',
  ]);
  return [['directory', ...settings, 'valid', ...results, 'stateDigest'], ...rows]
    .map((row) => `${csvLine(row)}\n`)
    .join('');
}

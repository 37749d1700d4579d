import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { writerOf } from '../../coordinator/run-directory/run-lock.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Holds } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../../protocol/scenario/sweep.js';

/** What a folder holds, without its numbers. */
export interface Overview {
  /** Without links. */
  readonly path: string;
  readonly kind: 'run' | 'sweep';
  readonly name: string;
  /** 'stopped': it can be resumed. */
  readonly state: 'running' | 'finished' | 'stopped';
  /** Null: not judged. */
  readonly valid: Holds | null;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Rounds of a run, points of a sweep. */
  readonly done: number;
  readonly of: number;
  /** Of all files. */
  readonly bytes: number;
  /** Folders of the points, in order; of a run: its own. */
  readonly runs: readonly string[];
}

/** Throws ERR_CHECKPOINT where there is neither a run nor a sweep. */
export function overviewOf(folder: string): Overview {
  if (existsSync(join(folder, 'sweep.json'))) return ofSweep(realpathSync(folder));
  if (existsSync(join(folder, 'manifest.json')) && existsSync(join(folder, 'scenario.json')))
    return ofRun(realpathSync(folder));
  throw new GradswarmError(
    'ERR_CHECKPOINT',
    `${folder}: expected the folder of a run or a sweep, got ${existsSync(folder) ? 'another one' : 'nothing there'}; 'gradswarm runs' lists them`,
  );
}

function ofRun(path: string): Overview {
  const manifest = readJsonFile<Manifest>(join(path, 'manifest.json'), 'manifest');
  const { rounds } = readJsonFile<Scenario>(join(path, 'scenario.json'), 'scenario');
  const isRunning = writerOf(path) !== null;
  const { finishedAt } = manifest;
  return {
    path,
    kind: 'run',
    name: manifest.scenarioName,
    state: isRunning ? 'running' : finishedAt === null ? 'stopped' : 'finished',
    valid: finishedAt === null ? null : verdictIn(path),
    startedAt: manifest.startedAt,
    finishedAt,
    done: manifest.roundsDone ?? rowsIn(path),
    of: rounds,
    bytes: bytesBelow(path),
    runs: [path],
  };
}

function ofSweep(path: string): Overview {
  const { name, points } = readJsonFile<ResolvedSweep>(join(path, 'sweep.json'), 'sweep');
  const folders = readdirSync(path)
    .filter((entry) => existsSync(join(path, entry, 'manifest.json')))
    .sort()
    .map((entry) => join(path, entry));
  const manifests = folders.map((one) => readJsonFile<Manifest>(join(one, 'manifest.json'), 'manifest'));
  const done = manifests.filter(({ finishedAt }) => finishedAt !== null).length;
  const isOver = done === points.length;
  return {
    path,
    kind: 'sweep',
    name,
    state: folders.some((one) => writerOf(one) !== null) ? 'running' : isOver ? 'finished' : 'stopped',
    valid: isOver ? verdictIn(path) : null,
    startedAt: manifests.map(({ startedAt }) => startedAt).sort()[0] ?? lstatSync(path).ctime.toISOString(),
    finishedAt: isOver
      ? (manifests
          .map(({ finishedAt }) => finishedAt!)
          .sort()
          .at(-1) ?? null)
      : null,
    done,
    of: points.length,
    bytes: bytesBelow(path),
    runs: folders,
  };
}

/** Of a run under way: its lines so far. */
function rowsIn(path: string): number {
  const file = join(path, 'metrics.csv');
  return existsSync(file) ? Math.max(0, readFileSync(file, 'utf8').split('\n').length - 2) : 0;
}

function verdictIn(path: string): Holds | null {
  const file = join(path, 'verdict.json');
  return existsSync(file) ? readJsonFile<Verdict>(file, 'verdict').valid : null;
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesBelow(path);
    // A file of a running run may be gone by now.
    else if (entry.isFile()) bytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

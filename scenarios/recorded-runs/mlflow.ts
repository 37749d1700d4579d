import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { verdictText } from '../../coordinator/report/units.js';
import { type OpenedRun, openRun } from '../run/open-run.js';
import { settingsByPath } from './differences.js';
import { overviewOf } from './overview.js';

/** MLflow's own numbers of a run's states, and of a source that is a file. */
const STATES = { running: 1, finished: 3, stopped: 5 };
const LOCAL_SOURCE = 4;
/** MLflow refuses longer values of a parameter. */
const LONGEST_PARAMETER = 6000;
/** Copied, so that removing a run in MLflow leaves the run's folder as it is. */
const ARTIFACTS = ['report.html', 'verdict.json', 'scenario.json', 'metrics.csv'];

/**
 * Writes runs in the layout of MLflow's file store: an experiment of each name, a run of each run or point of a sweep; settings are
 * parameters, columns of metrics.csv metrics by round, figures of the whole run metrics at its last round. Written again, a run takes
 * its own place. Returns the folders written. Throws ERR_CHECKPOINT where a folder holds no run.
 */
export function exportToMlflow(folders: readonly string[], store: string): readonly string[] {
  return folders
    .map((folder) => overviewOf(folder))
    .flatMap(({ name, runs }) => {
      const experiment = writeExperiment(store, name);
      return runs.map((run) => writeRun(store, experiment, run));
    });
}

/** Experiments are numbers there: eighteen digits of the name's SHA-256. */
function writeExperiment(store: string, name: string): string {
  const id = (BigInt(`0x${sha256(name).slice(0, 16)}`) % 10n ** 18n).toString();
  const folder = join(store, id);
  if (existsSync(join(folder, 'meta.yaml'))) return id;
  const now = Date.now();
  writeMeta(folder, {
    artifact_location: uri(folder),
    creation_time: now,
    experiment_id: id,
    last_update_time: now,
    lifecycle_stage: 'active',
    name,
  });
  return id;
}

function writeRun(store: string, experiment: string, path: string): string {
  const opened = openRun(path);
  const { manifest, scenario } = opened;
  const id = sha256(manifest.runId).slice(0, 32);
  const folder = join(store, experiment, id);
  rmSync(folder, { recursive: true, force: true });
  const { state } = overviewOf(path);
  const startedMs = Date.parse(manifest.startedAt);
  const name = basename(path);
  writeMeta(folder, {
    artifact_uri: uri(join(folder, 'artifacts')),
    end_time: manifest.finishedAt === null ? null : Date.parse(manifest.finishedAt),
    entry_point_name: '',
    experiment_id: experiment,
    lifecycle_stage: 'active',
    run_id: id,
    run_name: name,
    source_name: '',
    source_type: LOCAL_SOURCE,
    source_version: '',
    start_time: startedMs,
    status: STATES[state],
    tags: [],
    user_id: '',
  });
  for (const [setting, value] of settingsByPath(scenario)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    writeEntry(folder, 'params', setting, text.slice(0, LONGEST_PARAMETER));
  }
  for (const [metric, lines] of metricsOf(opened, startedMs)) writeEntry(folder, 'metrics', metric, lines.join('\n'));
  for (const [tag, text] of Object.entries(tagsOf(opened, name, path))) writeEntry(folder, 'tags', tag, text);
  mkdirSync(join(folder, 'artifacts'));
  for (const file of ARTIFACTS)
    if (existsSync(join(path, file))) copyFileSync(join(path, file), join(folder, 'artifacts', file));
  return folder;
}

/** Lines `milliseconds value step` by metric. */
function metricsOf({ rows, summary }: OpenedRun, startedMs: number): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  const add = (name: string, ms: number, value: unknown, step: number) => {
    if (typeof value !== 'number') return;
    const entry = `${Math.round(startedMs + ms)} ${value} ${step}`;
    const known = lines.get(name);
    if (known) known.push(entry);
    else lines.set(name, [entry]);
  };
  for (const { round, extra, ...own } of rows)
    for (const [name, value] of Object.entries({ ...own, ...extra })) add(name, own.wallMs, value, round);
  const last = rows.at(-1);
  for (const [name, value] of Object.entries(summary))
    if (!lines.has(name)) add(name, last?.wallMs ?? 0, value, last?.round ?? 0);
  return lines;
}

function tagsOf({ manifest, verdict, scenario }: OpenedRun, name: string, path: string): Record<string, string> {
  return {
    'mlflow.runName': name,
    'mlflow.source.name': 'gradswarm',
    'mlflow.source.type': 'LOCAL',
    ...(manifest.commit === null ? {} : { 'mlflow.source.git.commit': manifest.commit }),
    ...(scenario.description ? { 'mlflow.note.content': scenario.description } : {}),
    'gradswarm.version': manifest.package.version,
    'gradswarm.folder': resolve(path),
    'gradswarm.verdict': verdict === null ? 'not judged' : verdictText(verdict.valid),
    ...(manifest.stateDigest === null ? {} : { 'gradswarm.stateDigest': manifest.stateDigest }),
  };
}

/** JSON texts are YAML. */
function writeMeta(folder: string, entries: Readonly<Record<string, unknown>>): void {
  const lines = Object.entries(entries).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  write(join(folder, 'meta.yaml'), lines.join(''));
}

/** MLflow takes letters, digits and `_ - . : space /` in a name; a slash would be a folder. */
function writeEntry(folder: string, kind: string, name: string, text: string): void {
  write(join(folder, kind, name.replace(/[^\w.\-: ]/g, '_')), text);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const uri = (path: string): string => pathToFileURL(resolve(path)).href;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

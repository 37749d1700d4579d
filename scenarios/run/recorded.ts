import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { readMetrics } from '../../coordinator/run-directory/metrics.js';
import type { RecordedFigures } from '../../coordinator/run-directory/result-files.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';

/**
 * The records in the folder of a finished run, or of every point of a sweep in order: what they were judged by, to judge again.
 * ERR_CHECKPOINT when a run in it did not end.
 */
export function recordedRuns(path: string): RunRecord[] {
  const index = join(path, 'index.json');
  if (!existsSync(index)) return [recordedRun(path)];
  const { points } = readJsonFile<{ readonly points: readonly { readonly directory: string }[] }>(index, 'sweepIndex');
  return points.map(({ directory }) => recordedRun(join(path, directory)));
}

/** The scenario of a run, finished or not. Throws ERR_CHECKPOINT. */
export function recordedScenario(path: string): Scenario {
  return readJsonFile(join(path, 'scenario.json'), 'scenario');
}

/** The scenario with the device that computed the run, where it left the choice: to continue it, or to compute it again. */
export function onRecordedDevice<S extends { readonly device?: string | null }>(scenario: S, path: string): S {
  const file = join(path, 'manifest.json');
  if ((scenario.device ?? 'auto') !== 'auto' || !existsSync(file)) return scenario;
  const [device] = readJsonFile<Manifest>(file, 'manifest').devices ?? [];
  return device && device.backend !== 'plain loops' ? { ...scenario, device: device.backend } : scenario;
}

/** The record in the folder of one finished run. */
export function recordedRun(path: string): RunRecord {
  const figures = join(path, 'figures.json');
  if (!existsSync(figures))
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected the folder of a finished run, got one without figures.json`,
    );
  const { stateDigest, roundsDone } = readJsonFile<Manifest>(join(path, 'manifest.json'), 'manifest');
  const metrics = join(path, 'metrics.csv');
  const rows = readMetrics(metrics);
  if (rows.length < (roundsDone ?? 0))
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${metrics}: expected ${roundsDone} rows, one a round, got ${rows.length}; the file is damaged: run the scenario again in a new folder`,
    );
  return {
    scenario: recordedScenario(path),
    rows,
    stateDigest: stateDigest ?? '',
    ...readJsonFile<RecordedFigures>(figures, 'figures'),
  };
}

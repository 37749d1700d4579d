import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMetrics } from '../../coordinator/run-directory/metrics.js';
import type { RecordedFigures } from '../../coordinator/run-directory/run-directory.js';
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
  const { points } = readJson<{ readonly points: readonly { readonly directory: string }[] }>(index);
  return points.map(({ directory }) => recordedRun(join(path, directory)));
}

/** The record in the folder of one finished run. */
export function recordedRun(path: string): RunRecord {
  const figures = join(path, 'figures.json');
  if (!existsSync(figures))
    throw new GradswarmError(
      'ERR_CHECKPOINT',
      `${path}: expected the folder of a finished run, got one without figures.json`,
    );
  const { stateDigest } = readJson<{ readonly stateDigest: string | null }>(join(path, 'manifest.json'));
  return {
    scenario: readJson<Scenario>(join(path, 'scenario.json')),
    rows: readMetrics(join(path, 'metrics.csv')),
    stateDigest: stateDigest ?? '',
    ...readJson<RecordedFigures>(figures),
  };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

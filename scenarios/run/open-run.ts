import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readDraws } from '../../coordinator/run-directory/draws.js';
import { readJsonFile } from '../../coordinator/run-directory/json-file.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { readMetrics } from '../../coordinator/run-directory/metrics.js';
import type { RecordedFigures } from '../../coordinator/run-directory/result-files.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';

/** The content of a run's folder, finished or not. */
export interface OpenedRun {
  /** Complete, with every default. */
  readonly scenario: Scenario;
  readonly manifest: Manifest;
  /** One a round, in order. */
  readonly rows: readonly MetricsRow[];
  /** Null: not judged yet. */
  readonly verdict: Verdict | null;
  /** Figures of the whole run by name, such as `finalLoss`; empty: not finished. */
  readonly summary: Readonly<Record<string, Json>>;
  /** Of every party's final state; null: not finished, or not finite. */
  readonly stateDigest: string | null;
  /** Posterior draws of a sampler, by chain and draw, each of the model's length; null: it draws none. */
  draws(): readonly (readonly Float64Array[])[] | null;
}

/** Reads the folder of a run and changes nothing in it. Throws ERR_CHECKPOINT where there is no run or a file of it is damaged. */
export function openRun(directory: string): OpenedRun {
  const file = (name: string) => join(directory, name);
  for (const name of ['scenario.json', 'manifest.json'])
    if (!existsSync(file(name)))
      throw new GradswarmError(
        'ERR_CHECKPOINT',
        `${directory}: expected the folder of a run, got one without ${name}; 'gradswarm runs' lists them`,
      );
  const manifest = readJsonFile<Manifest>(file('manifest.json'), 'manifest');
  const figures = existsSync(file('figures.json'))
    ? readJsonFile<RecordedFigures>(file('figures.json'), 'figures')
    : null;
  return {
    scenario: readJsonFile<Scenario>(file('scenario.json'), 'scenario'),
    manifest,
    rows: existsSync(file('metrics.csv')) ? readMetrics(file('metrics.csv')) : [],
    verdict: existsSync(file('verdict.json')) ? readJsonFile<Verdict>(file('verdict.json'), 'verdict') : null,
    summary: (figures?.summary ?? {}) as Readonly<Record<string, Json>>,
    stateDigest: manifest.stateDigest,
    draws: () => (existsSync(file('draws.npy')) ? readDraws(file('draws.npy')) : null),
  };
}

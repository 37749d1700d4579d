import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDraws } from '../../coordinator/run-directory/draws.js';
import type { Manifest } from '../../coordinator/run-directory/manifest.js';
import { readMetrics } from '../../coordinator/run-directory/metrics.js';
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

/** Reads the folder of a run and changes nothing in it. Throws ERR_CHECKPOINT where there is no run. */
export function openRun(directory: string): OpenedRun {
  const file = (name: string) => join(directory, name);
  for (const name of ['scenario.json', 'manifest.json'])
    if (!existsSync(file(name)))
      throw new GradswarmError('ERR_CHECKPOINT', `${directory}: expected the folder of a run, got one without ${name}`);
  const read = <T>(name: string): T | null =>
    existsSync(file(name)) ? (JSON.parse(readFileSync(file(name), 'utf8')) as T) : null;
  const manifest = read<Manifest>('manifest.json')!;
  return {
    scenario: read<Scenario>('scenario.json')!,
    manifest,
    rows: existsSync(file('metrics.csv')) ? readMetrics(file('metrics.csv')) : [],
    verdict: read<Verdict>('verdict.json'),
    summary: read<{ readonly summary: Readonly<Record<string, Json>> }>('figures.json')?.summary ?? {},
    stateDigest: manifest.stateDigest,
    draws: () => (existsSync(file('draws.npy')) ? readDraws(file('draws.npy')) : null),
  };
}

import { GradswarmError } from '../../protocol/errors.js';
import type { Precision, Rng } from '../../protocol/method.js';
import type { Dataset } from '../datasets/dataset.js';
import type { ObjectiveFamily } from './family.js';

/** What a family is made from. */
export interface ObjectiveRequest {
  /** `name` is a key of the table in objectives.ts; the other keys are that objective's settings. */
  readonly objective: { readonly name: string; readonly [setting: string]: unknown };
  /** Null where the scenario names none; objectives that need one throw. */
  readonly dataset: Dataset | null;
  readonly clientCount: number;
  readonly precision: Precision;
  /** For objectives that are generated; the same in every process of a run. */
  readonly rng: Rng;
  /** Name of a compute device, for objectives that use one; left out: the first that works. */
  readonly device?: string | undefined;
}

/** One row of the table of objectives. */
export interface ObjectiveDefinition<Settings> {
  readonly defaults: Settings;
  /** Says what is wrong with the completed settings, beyond names and types; null when nothing is. */
  check?(settings: Settings): string | null;
  /** `settings` are complete and of the types of `defaults`. */
  create(settings: Settings, request: ObjectiveRequest): ObjectiveFamily | Promise<ObjectiveFamily>;
}

/** The request's data set, or an error with the kind that is needed. `codes`: the objective reads one-hot codes too. */
export function requireDataset(
  request: ObjectiveRequest,
  kind: 'classification' | 'regression' | 'any',
  codes: 'refused' | 'read' = 'refused',
): Dataset {
  const { name } = request.objective;
  const { dataset } = request;
  if (dataset === null)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective '${name}': expected a data set, got none; name one under data`,
    );
  const got = dataset.classCount > 0 ? 'classification' : 'regression';
  if (kind !== 'any' && got !== kind)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective '${name}': expected ${kind} data, got '${dataset.name}' with ${dataset.classCount} classes`,
    );
  if (dataset.vocabulary !== undefined && codes === 'refused')
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `objective '${name}': expected features that are numbers, those of '${dataset.name}' are codes of one-hot vectors; use 'linear-regression'`,
    );
  return dataset;
}

/** Numbers in one example. */
export function featureCountOf(dataset: Dataset): number {
  return dataset.featureShape.reduce((product, size) => product * size, 1);
}

/** Null when `sizes` is a list of positive integers, else what is wrong. */
export function wrongSizes(key: string, sizes: readonly number[]): string | null {
  const wrong = sizes.find((size) => !(Number.isInteger(size) && size > 0));
  return wrong === undefined ? null : `${key}: expected positive integers, got ${wrong}`;
}

/** Null when `value` is a finite number of at least 0, else what is wrong. */
export function wrongIfNegative(key: string, value: number): string | null {
  return Number.isFinite(value) && value >= 0 ? null : `${key}: expected a finite number >= 0, got ${value}`;
}

import { GradswarmError } from '../../protocol/errors.js';
import type { Precision, Rng } from '../../protocol/method.js';
import { extension } from '../../protocol/settings/extension.js';
import type { Settings } from '../../protocol/settings/settings.js';
import type { Dataset } from '../datasets/dataset.js';
import type { ObjectiveFamily } from './family.js';

/** What a family is made from. */
export interface ObjectiveRequest {
  /** `name` is the name of a file; the other keys are that objective's settings. */
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

/** The default export of every file of `plain/`, `tensorflow/` and `log-posterior/` that is an objective, named as its file. */
export interface ObjectiveDefinition<S extends object = object> {
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  /** Its shards are `LogPosterior`s, prior and likelihood apart, as samplers need them. Left out: they are not. */
  readonly isPosterior?: boolean;
  /** Further columns of its evaluation; '*' at the end of a name stands for anything. Left out: none. */
  readonly measures?: readonly string[];
  create(settings: S, request: ObjectiveRequest): ObjectiveFamily | Promise<ObjectiveFamily>;
}

/** An objective that scenarios can name. The same value, marked as an objective. */
export function defineObjective<S extends object>(definition: ObjectiveDefinition<S>): ObjectiveDefinition<S> {
  return extension('objective', definition);
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

import { closest } from 'fastest-levenshtein';
import { GradswarmError } from '../../protocol/errors.js';
import type { ObjectiveFamily } from './family.js';
import * as bayesianLinearRegression from './log-posterior/bayesian-linear-regression.js';
import * as bayesianLogisticRegression from './log-posterior/bayesian-logistic-regression.js';
import * as bayesianNetwork from './log-posterior/bayesian-network.js';
import * as gaussianMean from './log-posterior/gaussian-mean.js';
import type { LogPosteriorContext } from './log-posterior/likelihood-shard.js';
import * as metricLearning from './log-posterior/metric-learning.js';
import { characterModel } from './plain/character-model.js';
import { linearRegression } from './plain/linear-regression.js';
import { logisticRegression } from './plain/logistic-regression.js';
import { quadratic } from './plain/quadratic.js';
import { smallNetwork } from './plain/small-network.js';
import { softmaxRegression } from './plain/softmax-regression.js';
import { type ObjectiveDefinition, type ObjectiveRequest, requireDataset } from './request.js';
import { densePrediction } from './tensorflow/dense-prediction.js';
import { lenet } from './tensorflow/lenet.js';
import { multilayerPerceptron } from './tensorflow/multilayer-perceptron.js';

/** Objectives for samplers: prior and likelihood apart. */
const SAMPLED: { readonly [name: string]: ObjectiveDefinition<unknown> } = {
  'gaussian-mean': {
    defaults: gaussianMean.defaults,
    create: (settings, request) =>
      gaussianMean.default({ ...request, settings: settings as gaussianMean.GaussianMeanSettings }),
  },
  'bayesian-linear-regression': logPosterior(bayesianLinearRegression),
  'bayesian-logistic-regression': logPosterior(bayesianLogisticRegression),
  'bayesian-network': logPosterior(bayesianNetwork),
  'metric-learning': logPosterior(metricLearning),
};

function logPosterior<Settings>(module: {
  readonly defaults: Settings;
  readonly default: (context: LogPosteriorContext<Settings>) => ObjectiveFamily;
}): ObjectiveDefinition<unknown> {
  return {
    defaults: module.defaults,
    create: (settings, request) =>
      module.default({ ...request, settings: settings as Settings, dataset: requireDataset(request, 'any') }),
  };
}

/** Names of the objectives that a sampler can work on. */
export const LOG_POSTERIORS: readonly string[] = Object.keys(SAMPLED);

/** Every objective a scenario can name. A new one is one line here. */
const OBJECTIVES: { readonly [name: string]: ObjectiveDefinition<unknown> } = {
  quadratic,
  'linear-regression': linearRegression,
  'logistic-regression': logisticRegression,
  'softmax-regression': softmaxRegression,
  'small-network': smallNetwork,
  'character-model': characterModel,
  mlp: multilayerPerceptron,
  lenet,
  'dense-prediction': densePrediction,
  ...SAMPLED,
};

type Settings = Readonly<Record<string, unknown>>;

/** Default settings of each objective, by its name. */
export const objectiveDefaults: Readonly<Record<string, Settings>> = Object.fromEntries(
  Object.entries(OBJECTIVES).map(([name, { defaults }]) => [name, defaults as Settings]),
);

function definitionOf(name: string): ObjectiveDefinition<unknown> {
  if (!Object.hasOwn(OBJECTIVES, name)) {
    const names = Object.keys(OBJECTIVES);
    throw new GradswarmError(
      'ERR_SCENARIO',
      `objective.name: expected one of ${names.join(', ')}, got '${name}'; nearest is '${closest(String(name), names)}'`,
    );
  }
  return OBJECTIVES[name]!;
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}

/**
 * The objective's settings with defaults filled in. Throws ERR_SCENARIO for an unknown name or key, a value of another type
 * than the default's, or values that make no sense together.
 */
export function completeObjective(objective: ObjectiveRequest['objective']): Settings {
  const { name, ...given } = objective;
  const definition = definitionOf(name);
  const defaults = definition.defaults as Settings;
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, key)) {
      const keys = Object.keys(defaults);
      throw new GradswarmError(
        'ERR_SCENARIO',
        `objective.${key}: '${name}' has no such setting; nearest is '${closest(key, keys)}' (all: ${keys.join(', ')})`,
      );
    }
    if (typeName(value) !== typeName(defaults[key]))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `objective.${key}: expected a ${typeName(defaults[key])} such as ${JSON.stringify(defaults[key])}, got ${JSON.stringify(value)}`,
      );
  }
  const settings = { ...defaults, ...given };
  const wrong = definition.check?.(settings) ?? null;
  if (wrong !== null) throw new GradswarmError('ERR_SCENARIO', `objective.${wrong}`);
  return settings;
}

/** Builds the family a scenario names. A compute device is opened only for objectives that need one. */
export async function createObjectiveFamily(request: ObjectiveRequest): Promise<ObjectiveFamily> {
  const settings = completeObjective(request.objective);
  return definitionOf(request.objective.name).create(settings, request);
}

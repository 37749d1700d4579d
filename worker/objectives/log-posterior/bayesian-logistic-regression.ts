import type { ReadonlyVector } from '../../../protocol/method.js';
import { sigmoid } from '../../../protocol/numerics/elementary.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { flag, integer, list, positive } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import { subsetOf } from '../../datasets/subset.js';
import type { ObjectiveFamily } from '../family.js';
import { defineObjective, requireDataset } from '../request.js';
import {
  type FeatureRows,
  featureCountOf,
  featureRows,
  linearSegments,
  requireClasses,
  rowProduct,
  trainingRows,
} from './feature-rows.js';
import { isotropicPrior, type LogPosteriorContext } from './likelihood-shard.js';
import { LogisticShard } from './logistic-shard.js';
import { averagedProbabilities, classificationEvaluation } from './predictive.js';

/** Two classes, P(1 | x) = 1 / (1 + e^-(x^T theta)), prior N(0, priorVariance I). Surrogates by Laplace. */

export const settings = defineSettings({
  priorVariance: positive(10, 'Prior N(0, priorVariance I)'),
  intercept: flag(true, 'Adds a last parameter that multiplies 1; it has the same prior'),
  positiveClasses: list(
    integer(required, 'A class', { least: 0 }),
    [],
    'Labels that count as 1 where the data set has more than two classes; all others count as 0; empty: there are two',
  ),
});
export type LogisticRegressionSettings = SettingsOf<typeof settings>;

export function bayesianLogisticRegression(context: LogPosteriorContext<LogisticRegressionSettings>): ObjectiveFamily {
  const { dataset, settings, precision, clientCount } = context;
  const { positiveClasses } = settings;
  requireClasses(
    dataset,
    (count) => (positiveClasses.length > 0 ? count >= 2 : count === 2),
    'bayesian-logistic-regression',
    positiveClasses.length > 0 ? 'labels' : 'two classes, or a list of positiveClasses',
  );
  const outcomes = (labels: Int32Array): Int32Array =>
    positiveClasses.length === 0 ? labels : labels.map((label) => (positiveClasses.includes(label) ? 1 : 0));
  const trainOutcomes = outcomes(dataset.train.labels);
  const prior = isotropicPrior(settings.priorVariance, clientCount, 'bayesian-logistic-regression');
  const featureCount = featureCountOf(dataset);
  const segments = linearSegments(featureCount, settings.intercept);
  const train = trainingRows(dataset.train, featureCount, settings.intercept);
  const test = featureRows(dataset.test, featureCount, settings.intercept);
  const testOutcomes = outcomes(dataset.test.labels);
  const evaluateOn = (estimates: readonly ReadonlyVector[], rows: FeatureRows, labels: Int32Array) => {
    const probabilities = averagedProbabilities(estimates, rows.count, 2, (params, example, into) => {
      const one = sigmoid(rowProduct(rows, example, params));
      into[1] = one;
      into[0] = 1 - one;
    });
    return classificationEvaluation(probabilities, labels, 2);
  };
  return {
    segments,
    parameterCount: train.width,
    initialParams: () => zeros(train.width, precision),
    shard: (examples) => new LogisticShard(train, trainOutcomes, examples, segments, prior, precision),
    evaluate: (estimates) => evaluateOn(estimates, test, testOutcomes),
    evaluateExamples: (estimates, examples) => {
      const part = subsetOf(dataset, dataset.train, examples);
      return evaluateOn(estimates, featureRows(part, featureCount, settings.intercept), outcomes(part.labels));
    },
    tensorCount: () => 0,
  };
}

export default defineObjective({
  name: 'bayesian-logistic-regression',
  isPosterior: true,
  measures: ['calibrationError'],
  summary: 'Posterior of logistic regression',
  settings,
  create: (settings, request) =>
    bayesianLogisticRegression({ ...request, settings, dataset: requireDataset(request, 'any') }),
});

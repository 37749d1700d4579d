import { sigmoid } from '../../../protocol/numerics/elementary.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import type { ObjectiveFamily } from '../family.js';
import { featureCountOf, featureRows, linearSegments, requireClasses, rowProduct } from './feature-rows.js';
import { isotropicPrior, type LogPosteriorContext } from './likelihood-shard.js';
import { LogisticShard } from './logistic-shard.js';
import { averagedProbabilities, classificationEvaluation } from './predictive.js';

/** Two classes, P(1 | x) = 1 / (1 + e^-(x^T theta)), prior N(0, priorVariance I). Surrogates by Laplace. */

export interface LogisticRegressionSettings {
  readonly priorVariance: number;
  /** Adds a last parameter that multiplies 1. It has the same prior. */
  readonly intercept: boolean;
}

export const defaults: LogisticRegressionSettings = { priorVariance: 10, intercept: true };

export default function bayesianLogisticRegression(
  context: LogPosteriorContext<LogisticRegressionSettings>,
): ObjectiveFamily {
  const { dataset, settings, precision, clientCount } = context;
  requireClasses(
    dataset,
    (count) => count === 2,
    'bayesian-logistic-regression',
    "two classes ('bayesian-network' without hidden layers takes more)",
  );
  const prior = isotropicPrior(settings.priorVariance, clientCount, 'bayesian-logistic-regression');
  const featureCount = featureCountOf(dataset);
  const segments = linearSegments(featureCount, settings.intercept);
  const train = featureRows(dataset.train, featureCount, settings.intercept);
  const test = featureRows(dataset.test, featureCount, settings.intercept);
  return {
    segments,
    parameterCount: train.width,
    initialParams: () => zeros(train.width, precision),
    shard: (examples) => new LogisticShard(train, dataset.train.labels, examples, segments, prior, precision),
    evaluate: (estimates) => {
      const probabilities = averagedProbabilities(estimates, test.count, 2, (params, example, into) => {
        const one = sigmoid(rowProduct(test, example, params));
        into[1] = one;
        into[0] = 1 - one;
      });
      return classificationEvaluation(probabilities, dataset.test.labels, 2);
    },
    tensorCount: () => 0,
  };
}

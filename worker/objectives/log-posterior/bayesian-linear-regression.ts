import { type GaussianFactor, linearRegressionFactor } from '../../../protocol/bayesian/conjugate.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
import { log } from '../../../protocol/numerics/elementary.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { flag, positive } from '../../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
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
import { type IsotropicPrior, isotropicPrior, type LogPosteriorContext } from './likelihood-shard.js';
import { LinearShard } from './linear-shard.js';
import { negativeLogPredictive } from './predictive.js';

/**
 * y = x^T theta + N(0, noiseVariance), prior N(0, priorVariance I). Posterior Gaussian and known; shard factors are
 * exact.
 */

export const settings = defineSettings({
  priorVariance: positive(10, 'Prior N(0, priorVariance I)'),
  noiseVariance: positive(1, 'Of the targets'),
  intercept: flag(true, 'Adds a last parameter that multiplies 1; it has the same prior'),
});
export type LinearRegressionSettings = SettingsOf<typeof settings>;

class LinearRegressionShard extends LinearShard {
  private readonly exact: GaussianFactor;

  constructor(
    rows: FeatureRows,
    private readonly targets: Float64Array,
    examples: Uint32Array,
    private readonly noiseVariance: number,
    segments: readonly Segment[],
    prior: IsotropicPrior,
    precision: Precision,
  ) {
    super(rows, examples, segments, prior, precision);
    const own = new Float64Array(examples.length * rows.width);
    examples.forEach((index, i) => {
      own.set(rows.values.subarray(index * rows.width, (index + 1) * rows.width), i * rows.width);
    });
    const ownTargets = Float64Array.from(examples, (index) => targets[index]!);
    this.exact =
      examples.length === 0
        ? { eta: new Float64Array(rows.width), precision: new Float64Array(rows.width * rows.width) }
        : linearRegressionFactor(own, ownTargets, noiseVariance);
  }

  protected override lossAt(z: number, index: number): number {
    return -logDensityAt(z, this.targets, this.noiseVariance, index);
  }

  protected override slopeAt(z: number, index: number): number {
    return (z - this.targets[index]!) / this.noiseVariance;
  }

  protected override addBatchGradient(params: ReadonlyVector, batch: Uint32Array, sums: Float64Array): void {
    const d = sums.length;
    // The statistics cost d^2, the examples N d.
    if (d > this.exampleCount || !this.isWhole(batch)) {
      super.addBatchGradient(params, batch, sums);
      return;
    }
    const { eta, precision } = this.exact;
    for (let i = 0; i < d; i++) {
      let sum = -eta[i]!;
      for (let j = 0; j < d; j++) sum += precision[i * d + j]! * params[j]!;
      sums[i] = sums[i]! + sum;
    }
  }

  protected override factor(): GaussianFactor {
    return this.exact;
  }
}

function logDensity(
  rows: FeatureRows,
  targets: Float64Array,
  noiseVariance: number,
  params: ReadonlyVector,
  index: number,
): number {
  return logDensityAt(rowProduct(rows, index, params), targets, noiseVariance, index);
}

function logDensityAt(z: number, targets: Float64Array, noiseVariance: number, index: number): number {
  const residual = z - targets[index]!;
  return -0.5 * (log(2 * Math.PI * noiseVariance) + (residual * residual) / noiseVariance);
}

export function bayesianLinearRegression(context: LogPosteriorContext<LinearRegressionSettings>): ObjectiveFamily {
  const { dataset, settings, precision, clientCount } = context;
  requireClasses(dataset, (count) => count === 0, 'bayesian-linear-regression', 'targets');
  const { noiseVariance, intercept } = settings;
  if (!(noiseVariance > 0))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `bayesian-linear-regression: noiseVariance must be positive, got ${noiseVariance}`,
    );
  const prior = isotropicPrior(settings.priorVariance, clientCount, 'bayesian-linear-regression');
  const featureCount = featureCountOf(dataset);
  const segments = linearSegments(featureCount, intercept);
  const train = trainingRows(dataset.train, featureCount, intercept);
  const test = featureRows(dataset.test, featureCount, intercept);
  const { targets } = dataset.train;
  return {
    segments,
    parameterCount: train.width,
    initialParams: () => zeros(train.width, precision),
    shard: (examples) => new LinearRegressionShard(train, targets, examples, noiseVariance, segments, prior, precision),
    evaluate: (estimates) => ({
      loss: negativeLogPredictive(estimates, test.count, (params, example) =>
        logDensity(test, dataset.test.targets, noiseVariance, params, example),
      ),
      accuracy: null,
    }),
    tensorCount: () => 0,
  };
}

export default defineObjective({
  name: 'bayesian-linear-regression',
  isPosterior: true,
  summary: 'Posterior of linear regression, Gaussian',
  settings,
  create: (settings, request) =>
    bayesianLinearRegression({ ...request, settings, dataset: requireDataset(request, 'any') }),
});

import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import type { GaussianModel } from '../../../protocol/bayesian/gaussian-model.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { ClientIndex, Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
import { cholesky, choleskySolve, identity } from '../../../protocol/numerics/linear-algebra.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { list, number, oneOf, positive } from '../../../protocol/settings/kinds.js';
import { required } from '../../../protocol/settings/setting.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import type { Dataset } from '../../datasets/dataset.js';
import type { ObjectiveFamily } from '../family.js';
import { defineObjective } from '../request.js';
import {
  examplesOfGroup,
  factorOf,
  logDensity,
  type Observations,
  observationsOfDataset,
  observationsOfModel,
} from './gaussian-observations.js';
import { GAUSSIAN_PROBLEMS, problemModel } from './gaussian-problems.js';
import { type IsotropicPrior, isotropicPrior, LikelihoodShard, type LogPosteriorContext } from './likelihood-shard.js';
import { negativeLogPredictive } from './predictive.js';

/**
 * Mean of Gaussian observations with known precision: x_i ~ N(theta, Lambda_g^-1), g the group of example i. The
 * posterior is Gaussian and known, and the laws of the samplers on it too (test/support/sampler-laws.ts).
 */

export const settings = defineSettings({
  priorVariance: positive(1, 'Prior N(0, priorVariance I); a problem has its own, which must be repeated here'),
  dataPrecisions: list(
    list(number(required, 'An entry'), required, 'Entries'),
    [],
    'Precision of an observation, d x d row by row: one for all, or one a group of the data set; empty: the identity',
  ),
  problem: oneOf(
    ['none', ...GAUSSIAN_PROBLEMS],
    'none',
    "'none': the data set's features; otherwise a problem of a paper, without data set (client s owns shard s) or on the one that it makes",
  ),
});
export type GaussianMeanSettings = SettingsOf<typeof settings>;

/** As of every family, but a problem needs no data set. */
export type GaussianMeanContext = Omit<LogPosteriorContext<GaussianMeanSettings>, 'dataset'> & {
  readonly dataset: Dataset | null;
};

class GaussianMeanShard extends LikelihoodShard {
  private readonly exact: GaussianFactor;
  /** Maximum of the shard's likelihood: gradients are precision (theta - mode). */
  private readonly mode: Float64Array;

  constructor(
    private readonly observations: Observations,
    private readonly examples: Uint32Array,
    segments: readonly Segment[],
    prior: IsotropicPrior,
    precision: Precision,
  ) {
    super(examples.length, segments, observations.dimension, prior, precision);
    this.exact = factorOf(observations, examples);
    this.mode = examples.length === 0 ? this.exact.eta : choleskySolve(cholesky(this.exact.precision), this.exact.eta);
  }

  protected override exampleLoss(params: ReadonlyVector, example: number): number {
    return -logDensity(this.observations, params, this.examples[example]!);
  }

  protected override addExampleGradient(
    params: ReadonlyVector,
    example: number,
    factor: number,
    into: Float64Array,
  ): void {
    const { dimension, values, groups, precisions } = this.observations;
    const index = this.examples[example]!;
    const precision = precisions[groups[index]!]!;
    for (let i = 0; i < dimension; i++) {
      let sum = 0;
      for (let j = 0; j < dimension; j++)
        sum += precision[i * dimension + j]! * (params[j]! - values[index * dimension + j]!);
      into[i] = into[i]! + factor * sum;
    }
  }

  protected override addBatchGradient(params: ReadonlyVector, batch: Uint32Array, sums: Float64Array): void {
    if (!this.isWhole(batch)) {
      super.addBatchGradient(params, batch, sums);
      return;
    }
    const { precision } = this.exact;
    const d = sums.length;
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += precision[i * d + j]! * (params[j]! - this.mode[j]!);
      sums[i] = sums[i]! + sum;
    }
  }

  protected override factor(): GaussianFactor {
    return this.exact;
  }
}

/** Variance of a model's prior, which must be N(0, variance I). */
function priorVarianceOf({ prior }: GaussianModel): number {
  const variance = 1 / prior.precision[0]!;
  const isotropic = identity(prior.eta.length, prior.precision[0]!);
  if (prior.eta.some((entry) => entry !== 0) || prior.precision.some((entry, i) => entry !== isotropic[i]))
    throw new GradswarmError('ERR_OBJECTIVE', 'gaussian-mean: the prior must have mean 0 and one variance for all');
  return variance;
}

/**
 * A family from explicit shard statistics: examples are numbered shard after shard, and whole shards use the
 * statistics. `ownedByClient`: a client requested by its index owns the shard of that index, whatever its examples.
 */
export function familyOfModel(
  model: GaussianModel,
  run: { readonly precision: Precision; readonly clientCount: number },
  ownedByClient = false,
): ObjectiveFamily {
  const prior = isotropicPrior(priorVarianceOf(model), run.clientCount, 'gaussian-mean');
  return familyOf(observationsOfModel(model), prior, run.precision, ownedByClient);
}

/** Evaluates on the training examples: predictive density of data that the posterior is about. No accuracy. */
function familyOf(
  observations: Observations,
  prior: IsotropicPrior,
  precision: Precision,
  ownedByClient = false,
): ObjectiveFamily {
  const { count, dimension } = observations;
  const segments: readonly Segment[] = [{ name: 'mean', module: 'mean', offset: 0, shape: [dimension] }];
  return {
    segments,
    parameterCount: dimension,
    initialParams: () => zeros(dimension, precision),
    shard: (examples: Uint32Array, client?: ClientIndex) =>
      new GaussianMeanShard(
        observations,
        ownedByClient && client !== undefined ? examplesOfGroup(observations, client) : examples,
        segments,
        prior,
        precision,
      ),
    evaluate: (estimates) => ({
      loss: negativeLogPredictive(estimates, count, (params, example) => logDensity(observations, params, example)),
      accuracy: null,
    }),
    tensorCount: () => 0,
  };
}

/** Throws ERR_OBJECTIVE when the problem, its prior, the data set and the number of clients do not belong together. */
function checkProblem(model: GaussianModel, context: GaussianMeanContext): void {
  const { settings, dataset, clientCount } = context;
  const refuse = (expected: string, got: string) => {
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `gaussian-mean: problem '${settings.problem}' has ${expected}, got ${got}`,
    );
  };
  const variance = priorVarianceOf(model);
  if (Math.abs(settings.priorVariance / variance - 1) > 1e-12)
    refuse(`prior variance ${variance}`, `priorVariance ${settings.priorVariance}`);
  const shardCount = model.shards.length;
  const exampleCount = model.shards.reduce((sum, shard) => sum + shard.exampleCount, 0);
  if (!dataset && clientCount !== shardCount) refuse(`${shardCount} shards, one a client`, `${clientCount} clients`);
  if (dataset && dataset.train.count !== exampleCount)
    refuse(`${exampleCount} examples`, `data set '${dataset.name}' with ${dataset.train.count}`);
}

export function gaussianMean(context: GaussianMeanContext): ObjectiveFamily {
  const { settings, dataset, precision, clientCount } = context;
  const { priorVariance, problem } = settings;
  if (problem !== 'none') {
    if (!GAUSSIAN_PROBLEMS.includes(problem))
      throw new GradswarmError(
        'ERR_OBJECTIVE',
        `gaussian-mean: problem must be none or one of ${GAUSSIAN_PROBLEMS.join(', ')}, got '${problem}'`,
      );
    const model = problemModel(problem);
    checkProblem(model, context);
    return familyOfModel(model, context, dataset === null);
  }
  if (!dataset)
    throw new GradswarmError('ERR_OBJECTIVE', 'gaussian-mean: expected a data set, got none; name one, or a problem');
  const prior = isotropicPrior(priorVariance, clientCount, 'gaussian-mean');
  return familyOf(observationsOfDataset(dataset, settings.dataPrecisions), prior, precision);
}

export default defineObjective({
  name: 'gaussian-mean',
  isPosterior: true,
  summary: 'Posterior of the mean of Gaussian observations, known exactly',
  settings,
  create: (settings, request) => gaussianMean({ ...request, settings }),
});

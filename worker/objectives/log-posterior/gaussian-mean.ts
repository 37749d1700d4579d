import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import { type GaussianModel, shardFactor } from '../../../protocol/bayesian/gaussian-oracle.js';
import type { Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
import { log } from '../../../protocol/numerics/elementary.js';
import {
  cholesky,
  choleskySolve,
  identity,
  logDeterminant,
  orderOf,
} from '../../../protocol/numerics/linear-algebra.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { GradswarmError } from '../../../protocol/wire/error-codes.js';
import type { ObjectiveFamily } from '../family.js';
import { type GaussianProblem, modelObservations, problemModel } from './gaussian-problems.js';
import {
  type IsotropicPrior,
  isotropicPrior,
  isWholeShard,
  LikelihoodShard,
  type LogPosteriorContext,
} from './likelihood-shard.js';
import { negativeLogPredictive } from './predictive.js';

/**
 * Mean of Gaussian observations with known precision: x_i ~ N(theta, Lambda_g^-1), g the group of example i. The posterior is
 * Gaussian and known, and the laws of the samplers on it too (protocol/bayesian/gaussian-oracle.ts).
 */

export interface GaussianMeanSettings {
  /** Prior N(0, priorVariance I). A problem has its own, which must be repeated here. */
  readonly priorVariance: number;
  /** Precision of an observation, d x d row by row: one for all, or one a group of the data set. Empty: the identity. */
  readonly dataPrecisions: readonly (readonly number[])[];
  /** 'none': the data set's features. Otherwise the data set must be the one that `problemDataset` makes. */
  readonly problem: 'none' | GaussianProblem;
}

export const defaults: GaussianMeanSettings = { priorVariance: 1, dataPrecisions: [], problem: 'none' };

/** All observations of a run, in float64, with the precision of each one's group. */
interface Observations {
  readonly count: number;
  readonly dimension: number;
  /** count x dimension. */
  readonly values: Float64Array;
  readonly groups: Int32Array;
  readonly precisions: readonly Float64Array[];
  /** ln of the normalising constant of each group's density. */
  readonly logNormalizers: readonly number[];
  /** Likelihood factor of a whole group where its statistics are given; it does not pass through rounded examples. */
  readonly groupFactors?: readonly GaussianFactor[];
}

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
    if (!isWholeShard(batch, this.exampleCount)) {
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

function logDensity(observations: Observations, params: ReadonlyVector, index: number): number {
  const { dimension, values, groups, precisions, logNormalizers } = observations;
  const precision = precisions[groups[index]!]!;
  let square = 0;
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < dimension; j++)
      square +=
        precision[i * dimension + j]! *
        (params[i]! - values[index * dimension + i]!) *
        (params[j]! - values[index * dimension + j]!);
  return logNormalizers[groups[index]!]! - 0.5 * square;
}

/** The group whose examples these are, all of them and in order; -1 if there is none. */
function wholeGroup({ groups }: Observations, examples: Uint32Array): number {
  const group = groups[examples[0]!]!;
  let at = 0;
  for (let i = 0; i < groups.length; i++) if (groups[i] === group && examples[at++] !== i) return -1;
  return at === examples.length ? group : -1;
}

function factorOf(observations: Observations, examples: Uint32Array): GaussianFactor {
  const { dimension: d, values, groups, precisions, groupFactors } = observations;
  const group = groupFactors && examples.length > 0 ? wholeGroup(observations, examples) : -1;
  if (groupFactors && group >= 0) return groupFactors[group]!;
  const eta = new Float64Array(d);
  const total = new Float64Array(d * d);
  for (const index of examples) {
    const precision = precisions[groups[index]!]!;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        const entry = precision[i * d + j]!;
        eta[i] = eta[i]! + entry * values[index * d + j]!;
        total[i * d + j] = total[i * d + j]! + entry;
      }
  }
  return { eta, precision: total };
}

function logNormalizer(precision: Float64Array): number {
  return 0.5 * logDeterminant(precision, log) - orderOf(precision) * 0.91893853320467274178;
}

function observationsOfModel(model: GaussianModel): Observations {
  const { values, groups } = modelObservations(model);
  const precisions = model.shards.map((shard) => shard.dataPrecision);
  return {
    count: groups.length,
    dimension: model.prior.eta.length,
    values,
    groups,
    precisions,
    logNormalizers: precisions.map(logNormalizer),
    groupFactors: model.shards.map(shardFactor),
  };
}

function observationsOfDataset(context: LogPosteriorContext<GaussianMeanSettings>): Observations {
  const { dataset, settings } = context;
  const dimension = dataset.featureShape.reduce((product, length) => product * length, 1);
  const { count } = dataset.train;
  const given = settings.dataPrecisions.map((matrix) => Float64Array.from(matrix));
  const precisions = given.length === 0 ? [identity(dimension)] : given;
  for (const matrix of precisions)
    if (matrix.length !== dimension * dimension)
      throw new GradswarmError(
        'ERR_OBJECTIVE',
        `gaussian-mean: dataPrecisions must be ${dimension} x ${dimension} row by row, got ${matrix.length} numbers`,
      );
  const groups = precisions.length === 1 ? new Int32Array(count) : dataset.groups;
  if (!groups || groups.some((group) => group >= precisions.length))
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `gaussian-mean: ${precisions.length} dataPrecisions need a data set with as many groups; give one for all`,
    );
  const values = Float64Array.from(dataset.train.features);
  return { count, dimension, values, groups, precisions, logNormalizers: precisions.map(logNormalizer) };
}

/** Variance of a model's prior, which must be N(0, variance I). */
function priorVarianceOf({ prior }: GaussianModel): number {
  const variance = 1 / prior.precision[0]!;
  const isotropic = identity(prior.eta.length, prior.precision[0]!);
  if (prior.eta.some((entry) => entry !== 0) || prior.precision.some((entry, i) => entry !== isotropic[i]))
    throw new GradswarmError('ERR_OBJECTIVE', 'gaussian-mean: the prior must have mean 0 and one variance for all');
  return variance;
}

/** A family from explicit shard statistics: examples are numbered shard after shard, and whole shards use the statistics. */
export function familyOfModel(
  model: GaussianModel,
  run: { readonly precision: Precision; readonly clientCount: number },
): ObjectiveFamily {
  const prior = isotropicPrior(priorVarianceOf(model), run.clientCount, 'gaussian-mean');
  return familyOf(observationsOfModel(model), prior, run.precision);
}

/** Evaluates on the training examples: predictive density of data that the posterior is about. No accuracy. */
function familyOf(observations: Observations, prior: IsotropicPrior, precision: Precision): ObjectiveFamily {
  const { count, dimension } = observations;
  const segments: readonly Segment[] = [{ name: 'mean', module: 'mean', offset: 0, shape: [dimension] }];
  return {
    segments,
    parameterCount: dimension,
    initialParams: () => zeros(dimension, precision),
    shard: (examples) => new GaussianMeanShard(observations, examples, segments, prior, precision),
    evaluate: (estimates) => ({
      loss: negativeLogPredictive(estimates, count, (params, example) => logDensity(observations, params, example)),
      accuracy: null,
    }),
    tensorCount: () => 0,
  };
}

export default function gaussianMean(context: LogPosteriorContext<GaussianMeanSettings>): ObjectiveFamily {
  const { settings, dataset, precision, clientCount } = context;
  const { priorVariance, problem } = settings;
  if (problem === 'none')
    return familyOf(
      observationsOfDataset(context),
      isotropicPrior(priorVariance, clientCount, 'gaussian-mean'),
      precision,
    );
  const model = problemModel(problem);
  if (Math.abs(priorVariance / priorVarianceOf(model) - 1) > 1e-12)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `gaussian-mean: problem '${problem}' has prior variance ${priorVarianceOf(model)}, got priorVariance ${priorVariance}`,
    );
  const count = model.shards.reduce((sum, { exampleCount }) => sum + exampleCount, 0);
  if (dataset.train.count !== count)
    throw new GradswarmError(
      'ERR_OBJECTIVE',
      `gaussian-mean: problem '${problem}' has ${count} examples, data set '${dataset.name}' ${dataset.train.count}; use the problem's own`,
    );
  return familyOfModel(model, context);
}

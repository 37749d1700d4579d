import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import { type GaussianModel, shardFactor } from '../../../protocol/bayesian/gaussian-oracle.js';
import type { ClientIndex, Precision, ReadonlyVector, Segment } from '../../../protocol/method.js';
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
import type { Dataset } from '../../datasets/dataset.js';
import type { ObjectiveFamily } from '../family.js';
import { GAUSSIAN_PROBLEMS, type GaussianProblem, modelObservations, problemModel } from './gaussian-problems.js';
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
  /** 'none': the data set's features. Otherwise no data set (client s owns shard s), or the one that `problemDataset` makes. */
  readonly problem: 'none' | GaussianProblem;
}

export const defaults: GaussianMeanSettings = { priorVariance: 1, dataPrecisions: [], problem: 'none' };

/** As of every family, but a problem needs no data set. */
export type GaussianMeanContext = Omit<LogPosteriorContext<GaussianMeanSettings>, 'dataset'> & {
  readonly dataset: Dataset | null;
};

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

function examplesOfGroup({ groups }: Observations, group: number): Uint32Array {
  return Uint32Array.from(groups.keys()).filter((example) => groups[example] === group);
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

function observationsOfDataset(dataset: Dataset, settings: GaussianMeanSettings): Observations {
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

/**
 * A family from explicit shard statistics: examples are numbered shard after shard, and whole shards use the statistics.
 * `ownedByClient`: a client asked for by its index owns the shard of that index, whatever its examples.
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

export default function gaussianMean(context: GaussianMeanContext): ObjectiveFamily {
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
  return familyOf(observationsOfDataset(dataset, settings), prior, precision);
}

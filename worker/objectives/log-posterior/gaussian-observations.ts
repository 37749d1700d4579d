import type { GaussianFactor } from '../../../protocol/bayesian/conjugate.js';
import { type GaussianModel, shardFactor } from '../../../protocol/bayesian/gaussian-model.js';
import { GradswarmError } from '../../../protocol/errors.js';
import type { ReadonlyVector } from '../../../protocol/method.js';
import { log } from '../../../protocol/numerics/elementary.js';
import { identity, logDeterminant, orderOf } from '../../../protocol/numerics/linear-algebra.js';
import type { Dataset } from '../../datasets/dataset.js';
import { featureCountOf } from './feature-rows.js';
import { modelObservations } from './gaussian-problems.js';

/** All observations of a run, in float64, with the precision of each one's group. */
export interface Observations {
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

/** ln density of one observation at the mean `params`, in nats. */
export function logDensity(observations: Observations, params: ReadonlyVector, index: number): number {
  const { dimension, values, groups, precisions, logNormalizers } = observations;
  const precision = precisions[groups[index]!]!;
  let square = 0;
  const start = index * dimension;
  for (let i = 0; i < dimension; i++) {
    let row = 0;
    for (let j = 0; j < dimension; j++) row += precision[i * dimension + j]! * (params[j]! - values[start + j]!);
    square += row * (params[i]! - values[start + i]!);
  }
  return logNormalizers[groups[index]!]! - 0.5 * square;
}

/** The group whose examples these are, all of them and in order; -1 if there is none. */
function wholeGroup({ groups }: Observations, examples: Uint32Array): number {
  const group = groups[examples[0]!]!;
  let at = 0;
  for (let i = 0; i < groups.length; i++) if (groups[i] === group && examples[at++] !== i) return -1;
  return at === examples.length ? group : -1;
}

/** Likelihood factor of these examples. */
export function factorOf(observations: Observations, examples: Uint32Array): GaussianFactor {
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

export function examplesOfGroup({ groups }: Observations, group: number): Uint32Array {
  return Uint32Array.from(groups.keys()).filter((example) => groups[example] === group);
}

function logNormalizer(precision: Float64Array): number {
  return 0.5 * logDeterminant(precision, log) - orderOf(precision) * 0.91893853320467274178;
}

/** Observations drawn with exactly the shards' moments; one group a shard. */
export function observationsOfModel(model: GaussianModel): Observations {
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

/**
 * The training features. `dataPrecisions`: d x d row by row, one for all or one a group; empty: the identity. Throws
 * ERR_OBJECTIVE when they do not fit the data set.
 */
export function observationsOfDataset(dataset: Dataset, dataPrecisions: readonly (readonly number[])[]): Observations {
  const dimension = featureCountOf(dataset);
  const { count } = dataset.train;
  const given = dataPrecisions.map((matrix) => Float64Array.from(matrix));
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

import type { Matrix } from '../numerics/linear-algebra.js';
import { conjugatePosterior, type Gaussian, type GaussianFactor, gaussianMeanFactor } from './conjugate.js';

/** One shard of a model with Gaussian observations of known precision. */
export interface GaussianShard {
  readonly exampleCount: number;
  /** Mean of the observations, length d. */
  readonly mean: Float64Array;
  /** Precision of one observation, d x d. */
  readonly dataPrecision: Matrix;
  /** Covariance of the observations, divisor N_s; needed for mini-batches only. */
  readonly dataCovariance?: Matrix;
}

export interface GaussianModel {
  readonly prior: GaussianFactor;
  readonly shards: readonly GaussianShard[];
}

export function shardFactor({ exampleCount, mean, dataPrecision }: GaussianShard): GaussianFactor {
  return gaussianMeanFactor(exampleCount, mean, dataPrecision);
}

/** Exact posterior of the model. */
export function modelPosterior(model: GaussianModel): Gaussian {
  return conjugatePosterior(model.prior, model.shards.map(shardFactor));
}

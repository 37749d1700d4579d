import type { ReadonlyVector, Segment, Vector } from './values.js';

/** Private data seen only as a function of the parameters. All means are over the batch. May answer without a promise. */
export interface Objective {
  readonly exampleCount: number;
  readonly segments: readonly Segment[];
  loss(params: ReadonlyVector, batch: Uint32Array): number | Promise<number>;
  gradient(params: ReadonlyVector, batch: Uint32Array, into?: Vector): Vector | Promise<Vector>;
  /**
   * Local SGD steps in one call; the plain loop over `gradient` is its specification. Devices outside this process's memory round each step in
   * float32.
   */
  descend?(
    params: ReadonlyVector,
    batches: readonly Uint32Array[],
    rate: number,
    into?: Vector,
  ): Vector | Promise<Vector>;
  /**
   * `descend` into the vector that `room` gives: it is asked for when the descent ends. Many clients ask for theirs at once, and where one descends after
   * the other, few such vectors are needed. Objectives of one's own need not have it.
   */
  descendInto?(
    params: ReadonlyVector,
    batches: readonly Uint32Array[],
    rate: number,
    room: () => Vector,
  ): Vector | Promise<Vector>;
  /** One gradient an example, in batch order. */
  exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector>;
  /** Sum over the batch of g_i min(1, radius / |g_i|). A gradient that is not finite counts as zero. */
  clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Vector | Promise<Vector>;
  /** The same for g_i(params) - g_i(previous), the difference of one example's two gradients. */
  clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Vector | Promise<Vector>;
}

/** The shard's log-likelihood factor and the prior, kept apart. `gradient` is that of the MEAN negative log-likelihood. */
export interface LogPosterior extends Objective {
  /** Gradient of the log-prior. */
  priorGradient(params: ReadonlyVector, into?: Vector): Vector;
  /**
   * Gaussian surrogate of the shard's likelihood factor in natural parameters: eta = precision * mean. `point`: of a factor
   * that is not Gaussian, the second-order expansion there; left out, at a mode of the shard.
   */
  surrogate(form: 'full' | 'diagonal', point?: ReadonlyVector): { readonly eta: Vector; readonly precision: Vector };
}

import type { LogPosterior, Objective, ReadonlyVector, Rng, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';

/** The drift g = linear - precision theta that a Gaussian surrogate adds on one shard, or null: none. */
export interface LinearDrift {
  readonly linear: Float64Array;
  /** d x d row by row, or the d numbers of its diagonal. */
  readonly precision: Float64Array;
}

const wholeShards = new WeakMap<Objective, Uint32Array>();

/** The batch of all examples of a shard, in order: one array a shard, so that objectives know it again. */
export function wholeShard(objective: Objective): Uint32Array {
  let batch = wholeShards.get(objective);
  if (!batch) {
    batch = new Uint32Array(objective.exampleCount);
    for (let i = 0; i < batch.length; i++) batch[i] = i;
    wholeShards.set(objective, batch);
  }
  return batch;
}

/** Are batches of `batchSize` examples drawn at random? Else a batch is the whole shard: for 0, or at least its size. */
export function isMiniBatch(objective: Objective, batchSize: number): boolean {
  return batchSize !== 0 && batchSize < objective.exampleCount;
}

/** A batch of a step: `batchSize` examples without replacement; all of them for 0 or at least the shard's size. */
export function drawBatch(objective: Objective, batchSize: number, rng: Rng): Uint32Array {
  return isMiniBatch(objective, batchSize) ? rng.batch(objective.exampleCount, batchSize) : wholeShard(objective);
}

/**
 * Estimates the gradient of the log-posterior from one shard (Ahn, Shahbaba, Welling, ICML 2014, eq. 3):
 *
 *   v_s = grad ln p(theta) + (N_s / (f_s m)) sum over a batch of grad ln p(x | theta), plus the conducive gradient if any.
 *
 * The prior stands in full on every shard; it is not divided by f_s. Buffers belong to the instance.
 */
export class ShardDrift {
  readonly drift: Vector;
  /** Of the batch's mean negative log-likelihood at the last point. */
  meanGradient: Vector;
  private readonly prior: Vector;

  constructor(
    private readonly objective: LogPosterior,
    like: ReadonlyVector,
    parameterCount: number,
    private readonly batchSize: number,
    /** 1: the whole prior, as a chain that is on one shard at a time needs it; 1 / S where all shards' estimates are summed. */
    private readonly priorShare = 1,
  ) {
    this.drift = zerosLike(like, parameterCount);
    this.meanGradient = zerosLike(like, parameterCount);
    this.prior = zerosLike(like, parameterCount);
  }

  /** Leaves the estimate at `position` in `drift`; a promise only where the objective answers with one. */
  evaluate(
    position: ReadonlyVector,
    frequency: number,
    conducive: LinearDrift | null,
    batches: Rng,
  ): Promise<void> | undefined {
    const batch = drawBatch(this.objective, this.batchSize, batches);
    const answer = this.objective.gradient(position, batch, this.meanGradient);
    if (answer instanceof Promise)
      return answer.then((gradient) => {
        this.meanGradient = gradient;
        this.combine(position, frequency, conducive);
      });
    this.meanGradient = answer;
    this.combine(position, frequency, conducive);
    return undefined;
  }

  private combine(position: ReadonlyVector, frequency: number, conducive: LinearDrift | null): void {
    const { drift, meanGradient, priorShare } = this;
    const prior = this.objective.priorGradient(position, this.prior);
    const scale = this.objective.exampleCount / frequency;
    const d = drift.length;
    // Likelihood and conducive gradient nearly cancel, so their sum is rounded to the run's precision once.
    for (let i = 0; i < d; i++) {
      let sum = priorShare * prior[i]! - scale * meanGradient[i]!;
      if (conducive) sum += linearDriftAt(conducive, position, i);
      drift[i] = sum;
    }
  }
}

function linearDriftAt({ linear, precision }: LinearDrift, position: ReadonlyVector, i: number): number {
  const d = linear.length;
  if (precision.length === d) return linear[i]! - precision[i]! * position[i]!;
  let sum = linear[i]!;
  for (let j = 0, at = i * d; j < d; j++, at++) sum -= precision[at]! * position[j]!;
  return sum;
}

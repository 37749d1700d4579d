import type { Objective, ReadonlyVector, Rng, Segment, Vector } from '../../protocol/method.js';

/** Mean loss per example and share of right answers (null where that has no meaning). */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number | null;
}

/** A model on a data set: what every client's objective has in common. Built once a process. */
export interface ObjectiveFamily {
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  initialParams(rng: Rng): Vector;
  /** The objective of the client that owns these training examples. */
  shard(examples: Uint32Array): Objective;
  /** On the held-out examples. Several estimates: predictions are averaged (one vector per chain). */
  evaluate(estimates: readonly ReadonlyVector[]): Evaluation | Promise<Evaluation>;
  /** Tensors alive on the device; 0 where there is none. Flat after every round. */
  tensorCount(): number;
}

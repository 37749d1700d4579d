import type { LogPosterior, Objective, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { copy, zerosLike } from '../../protocol/numerics/vector.js';

/** Stands in for an objective in a run of timing alone: the same examples and shapes, gradients and losses of 0, nothing computed. */
export class UncomputedObjective implements Objective {
  constructor(private readonly inner: Objective | LogPosterior) {}

  get exampleCount(): number {
    return this.inner.exampleCount;
  }
  get segments(): readonly Segment[] {
    return this.inner.segments;
  }

  loss(): number {
    return 0;
  }

  gradient(params: ReadonlyVector): Vector {
    return zerosLike(params);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    for (let i = 0; i < batch.length; i++) yield zerosLike(params);
  }

  clippedGradientSum(params: ReadonlyVector): Vector {
    return zerosLike(params);
  }

  clippedDifferenceSum(params: ReadonlyVector): Vector {
    return zerosLike(params);
  }

  descend(params: ReadonlyVector): Vector {
    return copy(params);
  }
}

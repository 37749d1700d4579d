import type { LogPosterior, Objective, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { zerosLike } from '../../protocol/numerics/vector.js';
import { addClipped } from '../../protocol/privacy/mechanisms/clipping.js';

/**
 * An objective whose gradients are changed: every gradient of a batch once, every example's own gradient once, in the order in
 * which they are asked for, so that clipping sees what is changed. The loss stays as it is. It has no `descend`, so that each step of a
 * local loop is changed by itself.
 */
export class ChangedGradients implements Objective {
  /** `change`: of a gradient, in place. */
  constructor(
    private readonly inner: Objective,
    private readonly change: (gradient: Vector) => void,
  ) {}

  get exampleCount(): number {
    return this.inner.exampleCount;
  }
  get segments(): readonly Segment[] {
    return this.inner.segments;
  }

  loss(params: ReadonlyVector, batch: Uint32Array): number | Promise<number> {
    return this.inner.loss(params, batch);
  }

  gradient(params: ReadonlyVector, batch: Uint32Array, into?: Vector): Vector | Promise<Vector> {
    const answer = this.inner.gradient(params, batch, into);
    return answer instanceof Promise ? answer.then((gradient) => this.changed(gradient)) : this.changed(answer);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    for await (const gradient of this.inner.exampleGradients(params, batch)) {
      const own = zerosLike(gradient);
      own.set(gradient as Vector);
      yield this.changed(own);
    }
  }

  async clippedGradientSum(params: ReadonlyVector, batch: Uint32Array, radius: number): Promise<Vector> {
    const sum = new Float64Array(params.length);
    for await (const gradient of this.exampleGradients(params, batch)) addClipped(sum, gradient, radius);
    return rounded(sum, params);
  }

  async clippedDifferenceSum(
    params: ReadonlyVector,
    previous: ReadonlyVector,
    batch: Uint32Array,
    radius: number,
  ): Promise<Vector> {
    const sum = new Float64Array(params.length);
    const before = this.exampleGradients(previous, batch)[Symbol.asyncIterator]();
    for await (const gradient of this.exampleGradients(params, batch)) {
      const other = (await before.next()).value as ReadonlyVector;
      const difference = Float64Array.from({ length: sum.length }, (_, i) => gradient[i]! - other[i]!);
      addClipped(sum, difference, radius);
    }
    return rounded(sum, params);
  }

  private changed(gradient: Vector): Vector {
    this.change(gradient);
    return gradient;
  }
}

/** The same of a log-posterior: its prior and its surrogates stay as they are. */
export class ChangedPosterior extends ChangedGradients implements LogPosterior {
  constructor(
    private readonly posterior: LogPosterior,
    change: (gradient: Vector) => void,
  ) {
    super(posterior, change);
  }

  priorGradient(params: ReadonlyVector, into?: Vector): Vector {
    return this.posterior.priorGradient(params, into);
  }

  surrogate(...asked: Parameters<LogPosterior['surrogate']>): ReturnType<LogPosterior['surrogate']> {
    return this.posterior.surrogate(...asked);
  }
}

function rounded(sum: Float64Array, like: ReadonlyVector): Vector {
  const result = zerosLike(like);
  result.set(sum);
  return result;
}

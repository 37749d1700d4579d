import type { LogPosterior, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { subtract, zerosLike } from '../../protocol/numerics/vector.js';
import { addClipped } from '../../protocol/privacy/mechanisms/clipping.js';

/**
 * An objective whose gradients are perturbed: every gradient of a batch once, every example's own gradient once, in the order in
 * which they are asked for. It has no `descend`, so that each step of a local loop gets its own noise.
 */
export class NoisyGradients implements LogPosterior {
  /** `perturb`: changes a gradient in place. */
  constructor(
    private readonly inner: LogPosterior,
    private readonly perturb: (gradient: Vector) => void,
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
    return answer instanceof Promise ? answer.then((gradient) => this.perturbed(gradient)) : this.perturbed(answer);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    for await (const gradient of this.inner.exampleGradients(params, batch)) {
      const own = zerosLike(gradient);
      own.set(gradient as Vector);
      yield this.perturbed(own);
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
    for await (const gradient of this.exampleGradients(params, batch))
      addClipped(sum, subtract(gradient, (await before.next()).value as ReadonlyVector), radius);
    return rounded(sum, params);
  }

  priorGradient(params: ReadonlyVector, into?: Vector): Vector {
    return this.inner.priorGradient(params, into);
  }

  surrogate(...asked: Parameters<LogPosterior['surrogate']>): ReturnType<LogPosterior['surrogate']> {
    return this.inner.surrogate(...asked);
  }

  private perturbed(gradient: Vector): Vector {
    this.perturb(gradient);
    return gradient;
  }
}

function rounded(sum: Float64Array, like: ReadonlyVector): Vector {
  const result = zerosLike(like);
  result.set(sum);
  return result;
}

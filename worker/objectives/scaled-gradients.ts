import { GradswarmError } from '../../protocol/errors.js';
import type { Objective, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { zerosLike } from '../../protocol/numerics/vector.js';
import { addClipped } from '../../protocol/privacy/mechanisms/clipping.js';

interface Range {
  readonly start: number;
  readonly end: number;
  readonly factor: number;
}

/**
 * A stress for rules that work tensor by tensor: the objective with the gradients of named tensors multiplied by a factor
 * each, every example's own gradient included, so that clipping sees what is multiplied. The loss stays as it is.
 */
export class ScaledGradients implements Objective {
  private readonly ranges: readonly Range[];

  /** `factors`: by tensor name. Throws ERR_SCENARIO for a name that is no tensor of the model. */
  constructor(
    private readonly inner: Objective,
    factors: Readonly<Record<string, number>>,
  ) {
    this.ranges = Object.entries(factors).map(([name, factor]) => {
      const segment = inner.segments.find((one) => one.name === name);
      if (!segment)
        throw new GradswarmError(
          'ERR_SCENARIO',
          `stress.gradientScales: expected names among ${inner.segments.map((one) => one.name).join(', ')}, got '${name}'`,
        );
      const length = segment.shape.reduce((product, side) => product * side, 1);
      return { start: segment.offset, end: segment.offset + length, factor };
    });
  }

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
    return answer instanceof Promise ? answer.then((gradient) => this.scaled(gradient)) : this.scaled(answer);
  }

  async *exampleGradients(params: ReadonlyVector, batch: Uint32Array): AsyncIterable<ReadonlyVector> {
    for await (const gradient of this.inner.exampleGradients(params, batch)) {
      const own = zerosLike(gradient);
      own.set(gradient as Vector);
      yield this.scaled(own);
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

  private scaled(gradient: Vector): Vector {
    for (const { start, end, factor } of this.ranges)
      for (let i = start; i < end; i++) gradient[i] = factor * gradient[i]!;
    return gradient;
  }
}

function rounded(sum: Float64Array, like: ReadonlyVector): Vector {
  const result = zerosLike(like);
  result.set(sum);
  return result;
}

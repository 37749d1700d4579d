import type { Objective, Precision, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { accumulate, subtract, zeros } from '../../protocol/numerics/vector.js';
import { addClipped } from '../../protocol/privacy/mechanisms/clipping.js';

/** Loss and gradient of one example: all that a model in plain loops has to write. */
export interface ExampleLoss {
  /** Of the training example with this index. */
  loss(params: ReadonlyVector, example: number): number;
  /** Adds the gradient of that loss to `into`, which has the length of the parameters. */
  addGradient(params: ReadonlyVector, example: number, into: Vector): void;
}

/**
 * The objective of a client, whose loss is the mean over examples of `model`: batches, single gradients and clipped sums by loops in
 * a fixed order. `examples`: indices of the client's training examples; a batch names positions among them.
 */
export function perExample(
  model: ExampleLoss,
  examples: Uint32Array,
  segments: readonly Segment[],
  precision: Precision,
): Objective {
  const length = segments.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const gradientOf = (params: ReadonlyVector, position: number): Vector => {
    const gradient = zeros(length, precision);
    model.addGradient(params, examples[position]!, gradient);
    return gradient;
  };
  return {
    exampleCount: examples.length,
    segments,
    loss(params, batch) {
      let sum = 0;
      for (const position of batch) sum += model.loss(params, examples[position]!);
      return batch.length === 0 ? 0 : sum / batch.length;
    },
    gradient(params, batch, into = zeros(length, precision)) {
      const sum = new Float64Array(length);
      for (const position of batch) accumulate(sum, 1 / batch.length, gradientOf(params, position));
      into.set(sum);
      return into;
    },
    async *exampleGradients(params, batch) {
      for (const position of batch) yield gradientOf(params, position);
    },
    clippedGradientSum(params, batch, radius) {
      const sum = new Float64Array(length);
      for (const position of batch) addClipped(sum, gradientOf(params, position), radius);
      return inPrecision(sum, precision);
    },
    clippedDifferenceSum(params, previous, batch, radius) {
      const sum = new Float64Array(length);
      for (const position of batch)
        addClipped(sum, subtract(gradientOf(params, position), gradientOf(previous, position)), radius);
      return inPrecision(sum, precision);
    },
  };
}

function inPrecision(sum: Float64Array, precision: Precision): Vector {
  const result = zeros(sum.length, precision);
  result.set(sum);
  return result;
}

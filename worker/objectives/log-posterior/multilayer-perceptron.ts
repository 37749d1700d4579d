import { GradswarmError } from '../../../protocol/errors.js';
import type { ReadonlyVector, Rng, Segment, Vector } from '../../../protocol/method.js';
import { exp, log, tanh } from '../../../protocol/numerics/elementary.js';

export type Activation = 'relu' | 'tanh';

/**
 * A dense network with softmax outputs and closed-form gradients in plain loops, one example at a time. Parameters
 * layer by layer: weights (inputs x outputs, row by row), then biases. Buffers belong to the instance: one call at a
 * time.
 */
export class MultilayerPerceptron {
  readonly parameterCount: number;
  readonly segments: readonly Segment[];
  /** Softmax of the last `forward`. */
  readonly probabilities: Float64Array;
  private readonly activations: readonly Float64Array[];
  private readonly errors: readonly Float64Array[];
  private readonly offsets: readonly number[];
  private logNormalizer = 0;

  /** `widths`: inputs, hidden layers, classes. */
  constructor(
    private readonly widths: readonly number[],
    private readonly activation: Activation,
  ) {
    if (widths.length < 2 || widths.some((width) => !(Number.isInteger(width) && width >= 1)))
      throw new GradswarmError('ERR_OBJECTIVE', `network widths must be positive integers, got [${widths.join(', ')}]`);
    if (activation !== 'relu' && activation !== 'tanh')
      throw new GradswarmError('ERR_OBJECTIVE', `network activation must be relu or tanh, got '${activation}'`);
    const segments: Segment[] = [];
    const offsets: number[] = [];
    let offset = 0;
    for (let layer = 0; layer + 1 < widths.length; layer++) {
      const inputs = widths[layer]!;
      const outputs = widths[layer + 1]!;
      const module = `layer${layer}`;
      offsets.push(offset);
      segments.push({ name: `${module}/weights`, module, offset, shape: [inputs, outputs] });
      segments.push({ name: `${module}/biases`, module, offset: offset + inputs * outputs, shape: [outputs] });
      offset += (inputs + 1) * outputs;
    }
    this.offsets = offsets;
    this.segments = segments;
    this.parameterCount = offset;
    this.activations = widths.map((width) => new Float64Array(width));
    this.errors = widths.map((width) => new Float64Array(width));
    this.probabilities = new Float64Array(widths.at(-1)!);
  }

  /** Numbers an example. */
  get inputCount(): number {
    return this.widths[0]!;
  }

  /** Weights N(0, 2 / inputs) for ReLU, N(0, 1 / inputs) for tanh; biases 0. Fills `into`. */
  fillInitial(into: Vector, rng: Rng): Vector {
    into.fill(0);
    for (let layer = 0; layer < this.offsets.length; layer++) {
      const inputs = this.widths[layer]!;
      const stddev = Math.sqrt((this.activation === 'relu' ? 2 : 1) / inputs);
      const normals = rng.derive('layer', layer).normal(inputs * this.widths[layer + 1]!);
      for (let i = 0; i < normals.length; i++) into[this.offsets[layer]! + i] = stddev * normals[i]!;
    }
    return into;
  }

  /** Runs one example's features and leaves the class probabilities in `probabilities`. */
  forward(params: ReadonlyVector, features: ReadonlyVector): void {
    const input = this.activations[0]!;
    for (let i = 0; i < input.length; i++) input[i] = features[i]!;
    const last = this.offsets.length - 1;
    for (let layer = 0; layer <= last; layer++) this.forwardLayer(params, layer, layer < last);
    const logits = this.activations[last + 1]!;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < logits.length; k++) largest = Math.max(largest, logits[k]!);
    let sum = 0;
    for (let k = 0; k < logits.length; k++) sum += this.probabilities[k] = exp(logits[k]! - largest);
    for (let k = 0; k < logits.length; k++) this.probabilities[k] = this.probabilities[k]! / sum;
    this.logNormalizer = largest + log(sum);
  }

  private forwardLayer(params: ReadonlyVector, layer: number, hidden: boolean): void {
    const input = this.activations[layer]!;
    const output = this.activations[layer + 1]!;
    const weights = this.offsets[layer]!;
    const biases = weights + input.length * output.length;
    for (let o = 0; o < output.length; o++) output[o] = params[biases + o]!;
    for (let i = 0; i < input.length; i++) {
      const value = input[i]!;
      if (value === 0) continue;
      for (let o = 0, at = weights + i * output.length; o < output.length; o++, at++)
        output[o] = output[o]! + value * params[at]!;
    }
    if (!hidden) return;
    if (this.activation === 'relu') for (let o = 0; o < output.length; o++) output[o] = Math.max(output[o]!, 0);
    else for (let o = 0; o < output.length; o++) output[o] = tanh(output[o]!);
  }

  /** -ln p(label | features of one example), in nats. */
  negativeLogLikelihood(params: ReadonlyVector, features: ReadonlyVector, label: number): number {
    this.forward(params, features);
    return this.logNormalizer - this.activations.at(-1)![label]!;
  }

  /** into += factor * gradient of -ln p(label) at the example of the last `forward`, which had the same parameters. */
  addGradient(params: ReadonlyVector, label: number, factor: number, into: Float64Array): void {
    const last = this.offsets.length - 1;
    const top = this.errors[last + 1]!;
    for (let k = 0; k < top.length; k++) top[k] = factor * (this.probabilities[k]! - (k === label ? 1 : 0));
    for (let layer = last; layer >= 0; layer--) {
      const input = this.activations[layer]!;
      const error = this.errors[layer + 1]!;
      const below = this.errors[layer]!;
      const weights = this.offsets[layer]!;
      const biases = weights + input.length * error.length;
      for (let o = 0; o < error.length; o++) into[biases + o] = into[biases + o]! + error[o]!;
      if (layer === 0) return addOuterProduct(input, error, weights, into);
      for (let i = 0; i < input.length; i++) {
        const value = input[i]!;
        let sum = 0;
        for (let o = 0, at = weights + i * error.length; o < error.length; o++, at++) {
          into[at] = into[at]! + value * error[o]!;
          sum += params[at]! * error[o]!;
        }
        below[i] = this.activation === 'tanh' ? sum * (1 - value * value) : value > 0 ? sum : 0;
      }
    }
  }
}

/** into += input error^T, row by row from position `at`. Nothing lies below the features, of which many are 0. */
function addOuterProduct(input: Float64Array, error: Float64Array, at: number, into: Float64Array): void {
  const width = error.length;
  for (let i = 0; i < input.length; i++) {
    const value = input[i]!;
    if (value === 0) continue;
    for (let o = 0, k = at + i * width; o < width; o++, k++) into[k] = into[k]! + value * error[o]!;
  }
}

import type { ReadonlyVector } from '../../../../protocol/method.js';

/** A tensor of a pass: [batch, …] of inputs and everything computed from them, or a parameter. */
export interface Value {
  readonly shape: readonly number[];
}

/** What layers compute with; the gradient of each is known. Shapes include the batch. */
export interface Operations {
  /** Last axis of `x` times `weights` [inputs, outputs], plus `bias` [outputs]; `relu`: then max(0, .) of it. */
  affine(x: Value, weights: Value, bias: Value | null, relu?: boolean): Value;
  /** Products of matrices, [n, rows, inner] by [n, inner, columns], or by [n, columns, inner] with `transposed`. */
  matMul(a: Value, b: Value, transposed?: boolean): Value;
  /** [batch, height, width, channels] by `filter` [height, width, channels, filters], plus `bias` [filters]; `relu`: then max(0, .) of it. */
  convolution(x: Value, filter: Value, bias: Value | null, stride: number, padding: Padding, relu?: boolean): Value;
  maxPooling(x: Value, size: number, stride: number, padding: Padding): Value;
  /** Elementwise; axes of length 1, and missing leading axes, are broadcast. */
  add(a: Value, b: Value): Value;
  multiply(a: Value, b: Value): Value;
  scale(x: Value, factor: number): Value;
  activate(x: Value, activation: Activation): Value;
  /** Over the last axis. */
  softmax(x: Value): Value;
  /** Mean 0 and variance 1 over the last axis: (x - mean) / sqrt(variance + epsilon). */
  normalize(x: Value, epsilon: number): Value;
  /** Means over these axes, which then are gone. */
  mean(x: Value, axes: readonly number[]): Value;
  reshape(x: Value, shape: readonly number[]): Value;
  /** `order[i]` is the axis of `x` that becomes axis i. */
  transpose(x: Value, order: readonly number[]): Value;
  /** Rows of `table` [rows, width] by the whole numbers in `indices`: [...indices.shape, width]. */
  rows(table: Value, indices: Value): Value;
  /** The entry `index` of axis 1, which then is gone. */
  entry(x: Value, index: number): Value;
  /** Numbers that do not depend on the parameters. */
  constant(values: ReadonlyVector, shape: readonly number[]): Value;
}

export type Padding = 'same' | 'valid';
const ACTIVATIONS = ['relu', 'gelu', 'tanh', 'sigmoid', 'softplus'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import { exp, log, sigmoid, softplus, tanh } from '../../../protocol/numerics/elementary.js';
import { allFinite } from '../../../protocol/numerics/vector.js';
import { addOuter, affineInto, backpropagateInto } from './dense-layer.js';
import type { ExampleTrace } from './example-trace.js';

export const ACTIVATIONS = ['softplus', 'tanh', 'sigmoid', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** Sizes that a network's loops work on. */
export interface DenseSizes {
  readonly features: number;
  readonly parameterCount: number;
  /** The most outputs that a layer has. */
  readonly widest: number;
  /** Outputs of a linear model; null: there are hidden layers, or inputs are characters. */
  readonly linearOutputs: number | null;
  /** Bytes of all arrays that the network will ask for. */
  readonly arrayBytes: number;
}

/** The gradients of a block whose outputs go through a softmax. */
export interface SoftmaxBlock {
  /** Of each example. */
  readonly labels: Int32Array;
  /**
   * sums += the gradients of the first `count` rows; params resident. `first`: what the sums hold does not count. False: not all
   * deltas are finite, and nothing was added.
   */
  addGradients(sums: Float64Array, params: ReadonlyVector, count: number, biasOffset: number, first: boolean): boolean;
  /** The same and params -= rate * (share * sums), the bracket rounded to the precision of params; the sums are not written. */
  step(
    sums: Float64Array,
    params: Vector,
    count: number,
    biasOffset: number,
    first: boolean,
    share: number,
    rate: number,
  ): boolean;
}

/** Examples of a linear model side by side. All inputs count, zeros too: the same bits while parameters, or deltas, are finite. */
export interface ExampleBlock {
  /** How many examples. */
  readonly size: number;
  /** Of each example, where `forward` leaves its outputs and `addGradients` finds their derivatives. */
  readonly outputs: readonly Float64Array[];
  readonly deltas: readonly Float64Array[];
  /** Puts a row in place r; null: zeros, which change no sum. */
  read(r: number, row: Float32Array | null): void;
  /** The same of a row that lies at this address of the loops' memory, without a copy. Left out: rows are copied. */
  refer?(r: number, address: number): void;
  /** outputs[r] = W^T row r + bias; params resident. `biasOffset` below 0: no bias. */
  forward(params: ReadonlyVector, biasOffset: number): void;
  /** `forward`, the deltas and `addGradients` in one. Left out: the block has no such loop. */
  readonly softmax?: SoftmaxBlock;
  /** sums += row r outer deltas[r], and deltas[r] at the bias, row by row in order. */
  addGradients(sums: Float64Array, biasOffset: number): void;
}

/**
 * The loops of one network and the memory they work in: plain ones, or SIMD twins with the same bits. Arrays given to the loops
 * come from `float64` and `int32`, parameters from `resident`.
 */
export interface DenseLoops {
  float64(length: number): Float64Array;
  int32(length: number): Int32Array;
  /** The parameters where the loops can read them: themselves, or a copy in one of two places. Valid until the place is used again. */
  resident(params: ReadonlyVector, place: 0 | 1): Vector;
  /** Where these features lie in the loops' memory; -1: not in it. */
  addressOf(features: Float32Array): number;
  /** Lists a row's non-zero numbers: bases[p] = outputs times its index, values[p] = the number. Returns how many. */
  listInputs(row: Float32Array, outputs: number, bases: Int32Array, values: Float64Array): number;
  /** Null: one example after the other. */
  readonly block: ExampleBlock | null;
  /** Are all numbers finite? `params` resident. */
  allFinite(params: ReadonlyVector): boolean;
  readonly affineInto: typeof affineInto;
  readonly addOuter: typeof addOuter;
  readonly backpropagateInto: typeof backpropagateInto;
  /** Probabilities from outputs; returns ln(sum of e^outputs). */
  softmaxInto(into: Float64Array, outputs: Float64Array): number;
  /** into = the activation of z, slopes its derivative there. */
  activate(activation: Activation, z: Float64Array, into: Float64Array, slopes: Float64Array): void;
  /** into = share * sums + l2 * params, rounded to the precision of `into`. */
  mean(into: Vector, sums: Float64Array, params: ReadonlyVector, share: number, l2: number): void;
  /**
   * Of a linear model with softmax: sums += the gradient of one example. The loops above one after the other, for which the trace has
   * room. Left out: they are called.
   */
  addSoftmaxGradient?(
    sums: Float64Array,
    params: ReadonlyVector,
    row: Float32Array,
    label: number,
    biasOffset: number,
    trace: ExampleTrace,
  ): void;
  /** params -= rate * (share * sums + l2 * params), the bracket rounded to the precision of params; sums = 0. */
  step(params: Vector, sums: Float64Array, share: number, l2: number, rate: number): void;
}

export const PLAIN_LOOPS: DenseLoops = {
  float64: (length) => new Float64Array(length),
  int32: (length) => new Int32Array(length),
  resident: (params) => params as Vector,
  addressOf: () => -1,
  listInputs(row, outputs, bases, values) {
    let count = 0;
    for (let j = 0; j < row.length; j++) {
      const value = row[j]!;
      if (value !== 0) {
        bases[count] = j * outputs;
        values[count] = value;
        count++;
      }
    }
    return count;
  },
  block: null,
  allFinite,
  softmaxInto,
  activate,
  affineInto,
  addOuter,
  backpropagateInto,
  mean(into, sums, params, share, l2) {
    if (l2 === 0) for (let j = 0; j < sums.length; j++) into[j] = share * sums[j]!;
    else for (let j = 0; j < sums.length; j++) into[j] = share * sums[j]! + l2 * params[j]!;
  },
  step(params, sums, share, l2, rate) {
    const single = params.BYTES_PER_ELEMENT === 4;
    for (let j = 0; j < sums.length; j++) {
      const value = params[j]!;
      const slope = l2 === 0 ? share * sums[j]! : share * sums[j]! + l2 * value;
      params[j] = value - rate * (single ? Math.fround(slope) : slope);
    }
    sums.fill(0);
  },
};

/** Probabilities from outputs; returns ln(sum of e^outputs). */
export function softmaxInto(into: Float64Array, outputs: Float64Array): number {
  let largest = outputs[0]!;
  for (let c = 1; c < outputs.length; c++) if (outputs[c]! > largest) largest = outputs[c]!;
  let sum = 0;
  for (let c = 0; c < outputs.length; c++) {
    const e = exp(outputs[c]! - largest);
    into[c] = e;
    sum += e;
  }
  const inverse = 1 / sum;
  for (let c = 0; c < outputs.length; c++) into[c]! *= inverse;
  return largest + log(sum);
}

function activate(activation: Activation, z: Float64Array, into: Float64Array, slopes: Float64Array): void {
  switch (activation) {
    case 'relu':
      for (let j = 0; j < z.length; j++) {
        // Written so that NaN passes through: a lost NaN would pass for a good example.
        const off = z[j]! <= 0;
        into[j] = off ? 0 : z[j]!;
        slopes[j] = off ? 0 : 1;
      }
      break;
    case 'tanh':
      for (let j = 0; j < z.length; j++) {
        const h = tanh(z[j]!);
        into[j] = h;
        slopes[j] = 1 - h * h;
      }
      break;
    case 'sigmoid':
      for (let j = 0; j < z.length; j++) {
        const h = sigmoid(z[j]!);
        into[j] = h;
        slopes[j] = h * (1 - h);
      }
      break;
    case 'softplus':
      for (let j = 0; j < z.length; j++) {
        into[j] = softplus(z[j]!);
        slopes[j] = sigmoid(z[j]!);
      }
  }
}

import type { ReadonlyVector } from '../../../protocol/method.js';

/**
 * The inner loops of fully connected layers, for one example. Weights lie input by input ([inputs, outputs] row-major), so
 * that a zero input costs nothing: `bases[p]` is where the weights of the p-th non-zero input begin. Sums are float64; each
 * output has its own accumulator, added to in input order, whatever the block size.
 */

/** z = W^T values + bias. `biasOffset` below 0: no bias. */
export function affineInto(
  z: Float64Array,
  params: ReadonlyVector,
  bases: Int32Array,
  values: Float64Array,
  count: number,
  biasOffset: number,
): void {
  const outputs = z.length;
  let c = 0;
  for (; c + 5 <= outputs; c += 5) {
    let z0 = 0;
    let z1 = 0;
    let z2 = 0;
    let z3 = 0;
    let z4 = 0;
    for (let p = 0; p < count; p++) {
      const v = values[p]!;
      const b = bases[p]! + c;
      z0 += v * params[b]!;
      z1 += v * params[b + 1]!;
      z2 += v * params[b + 2]!;
      z3 += v * params[b + 3]!;
      z4 += v * params[b + 4]!;
    }
    z[c] = z0;
    z[c + 1] = z1;
    z[c + 2] = z2;
    z[c + 3] = z3;
    z[c + 4] = z4;
  }
  for (; c < outputs; c++) {
    let z0 = 0;
    for (let p = 0; p < count; p++) z0 += values[p]! * params[bases[p]! + c]!;
    z[c] = z0;
  }
  if (biasOffset >= 0) for (c = 0; c < outputs; c++) z[c]! += params[biasOffset + c]!;
}

/** sums += weight * (values outer delta), and weight * delta at the bias. */
export function addOuter(
  sums: Float64Array,
  bases: Int32Array,
  values: Float64Array,
  count: number,
  delta: Float64Array,
  biasOffset: number,
  weight: number,
): void {
  const outputs = delta.length;
  let c = 0;
  for (; c + 5 <= outputs; c += 5) {
    const d0 = weight * delta[c]!;
    const d1 = weight * delta[c + 1]!;
    const d2 = weight * delta[c + 2]!;
    const d3 = weight * delta[c + 3]!;
    const d4 = weight * delta[c + 4]!;
    for (let p = 0; p < count; p++) {
      const v = values[p]!;
      const b = bases[p]! + c;
      sums[b] = sums[b]! + v * d0;
      sums[b + 1] = sums[b + 1]! + v * d1;
      sums[b + 2] = sums[b + 2]! + v * d2;
      sums[b + 3] = sums[b + 3]! + v * d3;
      sums[b + 4] = sums[b + 4]! + v * d4;
    }
  }
  for (; c < outputs; c++) {
    const d = weight * delta[c]!;
    for (let p = 0; p < count; p++) {
      const b = bases[p]! + c;
      sums[b] = sums[b]! + values[p]! * d;
    }
  }
  if (biasOffset >= 0) for (c = 0; c < outputs; c++) sums[biasOffset + c] = sums[biasOffset + c]! + weight * delta[c]!;
}

/** into[j] = sum over c of W[j, c] delta[c], for all inputs j; the weights begin at `offset`. */
export function backpropagateInto(
  into: Float64Array,
  params: ReadonlyVector,
  offset: number,
  delta: Float64Array,
): void {
  const outputs = delta.length;
  let b = offset;
  for (let j = 0; j < into.length; j++) {
    let sum0 = 0;
    let sum1 = 0;
    let c = 0;
    for (; c + 2 <= outputs; c += 2) {
      sum0 += params[b]! * delta[c]!;
      sum1 += params[b + 1]! * delta[c + 1]!;
      b += 2;
    }
    if (c < outputs) {
      sum0 += params[b]! * delta[c]!;
      b += 1;
    }
    into[j] = sum0 + sum1;
  }
}

/** Sum of a_p b_p over the first `count` entries. */
export function innerProduct(a: Float64Array, b: Float64Array, count: number): number {
  let sum = 0;
  for (let p = 0; p < count; p++) sum += a[p]! * b[p]!;
  return sum;
}

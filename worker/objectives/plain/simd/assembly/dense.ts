// asc: --importMemory
/*
 * The loops of fully connected layers (dense-layer.ts) for 128-bit SIMD, in AssemblyScript; `npm run build` compiles them.
 * Equal to the plain loops bit for bit: every output has its own float64 accumulator, added to in input order, and a product
 * is rounded before it is added. T is the type of the parameters, f32 or f64. All addresses are bytes.
 */

import { affine } from './parts/affine';
import { backpropagate } from './parts/backpropagate';
import { fiveRows } from './parts/five-rows';
import { allFinite, fourRows } from './parts/four-rows';
import { addSoftmaxFive, addSoftmaxRow, stepSoftmaxFive } from './parts/softmax-gradients';
import { mean, step } from './parts/update';

export { activate, softmax } from './parts/activations';
export { addFiveRows, interleaveFive } from './parts/five-rows';
export { addFourRows } from './parts/four-rows';
export { listInputs } from './parts/inputs';
export { addOuter } from './parts/outer';

export function affine32(
  z: usize,
  outputs: i32,
  params: usize,
  bases: usize,
  values: usize,
  count: i32,
  bias: i32,
): void {
  affine<f32>(z, outputs, params, bases, values, count, bias);
}

export function affine64(
  z: usize,
  outputs: i32,
  params: usize,
  bases: usize,
  values: usize,
  count: i32,
  bias: i32,
): void {
  affine<f64>(z, outputs, params, bases, values, count, bias);
}

export function backpropagate32(into: usize, inputs: i32, weights: usize, delta: usize, outputs: i32): void {
  backpropagate<f32>(into, inputs, weights, delta, outputs);
}

export function backpropagate64(into: usize, inputs: i32, weights: usize, delta: usize, outputs: i32): void {
  backpropagate<f64>(into, inputs, weights, delta, outputs);
}

export function fourRows32(z: usize, rows: usize, features: i32, w: usize): void {
  fourRows<f32>(z, rows, features, w);
}

export function fourRows64(z: usize, rows: usize, features: i32, w: usize): void {
  fourRows<f64>(z, rows, features, w);
}

export function fiveRows32(z: usize, rows: usize, features: i32, w: usize, outputs: i32, bias: i32): void {
  fiveRows<f32>(z, rows, features, w, outputs, bias);
}

export function fiveRows64(z: usize, rows: usize, features: i32, w: usize, outputs: i32, bias: i32): void {
  fiveRows<f64>(z, rows, features, w, outputs, bias);
}

export function allFinite32(params: usize, n: i32): bool {
  return allFinite<f32>(params, n);
}

export function allFinite64(params: usize, n: i32): bool {
  return allFinite<f64>(params, n);
}

export function addSoftmaxRow32(
  sums: usize,
  params: usize,
  row: usize,
  features: i32,
  outputs: i32,
  label: i32,
  bias: i32,
  bases: usize,
  values: usize,
  z: usize,
  delta: usize,
): void {
  addSoftmaxRow<f32>(sums, params, row, features, outputs, label, bias, bases, values, z, delta);
}

export function addSoftmaxRow64(
  sums: usize,
  params: usize,
  row: usize,
  features: i32,
  outputs: i32,
  label: i32,
  bias: i32,
  bases: usize,
  values: usize,
  z: usize,
  delta: usize,
): void {
  addSoftmaxRow<f64>(sums, params, row, features, outputs, label, bias, bases, values, z, delta);
}

export function addSoftmaxFive32(
  sums: usize,
  params: usize,
  places: usize,
  features: i32,
  outputs: i32,
  labels: usize,
  count: i32,
  bias: i32,
  interleaved: usize,
  z: usize,
  delta: usize,
  first: bool,
): bool {
  return addSoftmaxFive<f32>(
    sums,
    params,
    places,
    features,
    outputs,
    labels,
    count,
    bias,
    interleaved,
    z,
    delta,
    first,
  );
}

export function stepSoftmaxFive32(
  sums: usize,
  params: usize,
  places: usize,
  features: i32,
  outputs: i32,
  labels: usize,
  count: i32,
  bias: i32,
  interleaved: usize,
  z: usize,
  delta: usize,
  first: bool,
  share: f64,
  rate: f64,
): bool {
  return stepSoftmaxFive<f32>(
    sums,
    params,
    places,
    features,
    outputs,
    labels,
    count,
    bias,
    interleaved,
    z,
    delta,
    first,
    share,
    rate,
  );
}

export function addSoftmaxFive64(
  sums: usize,
  params: usize,
  places: usize,
  features: i32,
  outputs: i32,
  labels: usize,
  count: i32,
  bias: i32,
  interleaved: usize,
  z: usize,
  delta: usize,
  first: bool,
): bool {
  return addSoftmaxFive<f64>(
    sums,
    params,
    places,
    features,
    outputs,
    labels,
    count,
    bias,
    interleaved,
    z,
    delta,
    first,
  );
}

export function stepSoftmaxFive64(
  sums: usize,
  params: usize,
  places: usize,
  features: i32,
  outputs: i32,
  labels: usize,
  count: i32,
  bias: i32,
  interleaved: usize,
  z: usize,
  delta: usize,
  first: bool,
  share: f64,
  rate: f64,
): bool {
  return stepSoftmaxFive<f64>(
    sums,
    params,
    places,
    features,
    outputs,
    labels,
    count,
    bias,
    interleaved,
    z,
    delta,
    first,
    share,
    rate,
  );
}

export function step32(params: usize, sums: usize, n: i32, share: f64, l2: f64, rate: f64): void {
  if (l2 === 0) step<f32>(params, sums, n, share, 0, rate);
  else step<f32>(params, sums, n, share, l2, rate);
}

export function step64(params: usize, sums: usize, n: i32, share: f64, l2: f64, rate: f64): void {
  step<f64>(params, sums, n, share, l2, rate);
}

export function mean32(into: usize, sums: usize, params: usize, n: i32, share: f64, l2: f64): void {
  if (l2 === 0) mean<f32>(into, sums, params, n, share, 0);
  else mean<f32>(into, sums, params, n, share, l2);
}

export function mean64(into: usize, sums: usize, params: usize, n: i32, share: f64, l2: f64): void {
  mean<f64>(into, sums, params, n, share, l2);
}

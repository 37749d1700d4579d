import { probabilities } from './activations';
import { affine } from './affine';
import { addFiveRows, fiveRows, interleaveFive } from './five-rows';
import { listInputs } from './inputs';
import { addOuter } from './outer';
import { softmaxDeltas } from './softmax-deltas';
import { stepFive } from './step-five';

/** sums += the gradient of one row of a linear model with softmax: what its four loops do one after the other. */
export function addSoftmaxRow<T>(
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
  const count = listInputs(row, features, outputs, bases, values);
  affine<T>(z, outputs, params, bases, values, count, bias);
  probabilities(delta, z, outputs);
  const chosen = delta + 8 * label;
  store<f64>(chosen, load<f64>(chosen) - 1);
  addOuter(sums, bases, values, count, delta, outputs, bias, 1, delta);
}

/** The same of the first `count` of five rows, whose addresses are at `places`; `first`: the sums begin with them. False: not all deltas are finite, and nothing was added. */
export function addSoftmaxFive<T>(
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
  interleaveFive(interleaved, places, features);
  fiveRows<T>(z, interleaved, features, params, outputs, bias);
  if (!softmaxDeltas(delta, z, outputs, labels, count, 5)) return false;
  addFiveRows(sums, interleaved, features, delta, outputs, bias, first);
  return true;
}

/** The same, and params -= rate * T(share * sums), which are then not written: the last rows of a batch. */
export function stepSoftmaxFive<T>(
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
  interleaveFive(interleaved, places, features);
  fiveRows<T>(z, interleaved, features, params, outputs, bias);
  if (!softmaxDeltas(delta, z, outputs, labels, count, 5)) return false;
  stepFive<T>(sums, params, interleaved, features, delta, outputs, bias, first, share, rate);
  return true;
}

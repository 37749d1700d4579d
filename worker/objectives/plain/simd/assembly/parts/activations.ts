import { exp, expPair, log, sigmoid, softplus, tanh } from './elementary';

function largestOf(z: usize, n: i32): f64 {
  let largest = load<f64>(z);
  for (let c = 1; c < n; c++) {
    const value = load<f64>(z + 8 * c);
    if (value > largest) largest = value;
  }
  return largest;
}

/** into = e^(z - largest) / (its sum), for n outputs; returns the sum. */
function divided(into: usize, z: usize, n: i32, largest: f64): f64 {
  const shift = f64x2.splat(largest);
  let sum: f64 = 0;
  let c = 0;
  for (; c + 2 <= n; c += 2) {
    const e = expPair(f64x2.sub(v128.load(z + 8 * c), shift));
    v128.store(into + 8 * c, e);
    sum += f64x2.extract_lane(e, 0);
    sum += f64x2.extract_lane(e, 1);
  }
  if (c < n) {
    const e = exp(load<f64>(z + 8 * c) - largest);
    store<f64>(into + 8 * c, e);
    sum += e;
  }
  const inverse = 1 / sum;
  for (c = 0; c < n; c++) store<f64>(into + 8 * c, load<f64>(into + 8 * c) * inverse);
  return sum;
}

/** into = e^z / (sum of e^z), for n outputs. */
export function probabilities(into: usize, z: usize, n: i32): void {
  divided(into, z, n, largestOf(z, n));
}

/** The same; returns ln(sum of e^z). */
export function softmax(into: usize, z: usize, n: i32): f64 {
  const largest = largestOf(z, n);
  return largest + log(divided(into, z, n, largest));
}

/** h = the activation of z, slopes its derivative there. kind: 0 softplus, 1 tanh, 2 sigmoid, 3 relu. */
export function activate(kind: i32, z: usize, h: usize, slopes: usize, n: i32): void {
  for (let at: usize = 0, end: usize = 8 * n; at < end; at += 8) {
    const x = load<f64>(z + at);
    let value: f64 = 0;
    let slope: f64 = 0;
    if (kind === 0) {
      value = softplus(x);
      slope = sigmoid(x);
    } else if (kind === 1) {
      value = tanh(x);
      slope = 1 - value * value;
    } else if (kind === 2) {
      value = sigmoid(x);
      slope = value * (1 - value);
    } else if (!(x <= 0)) {
      // NaN passes through.
      value = x;
      slope = 1;
    }
    store<f64>(h + at, value);
    store<f64>(slopes + at, slope);
  }
}

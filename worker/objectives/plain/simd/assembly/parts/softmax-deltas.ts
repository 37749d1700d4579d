import { probabilities } from './activations';

/**
 * delta[r] = softmax(z[r]) minus 1 at labels[r] for r < count, 0 for the other of `rows` rows of n outputs. Are all finite?
 */
export function softmaxDeltas(delta: usize, z: usize, n: i32, labels: usize, count: i32, rows: i32): bool {
  const row: usize = 8 * n;
  let to = delta;
  for (let r = 0; r < count; r++, to += row, z += row) {
    probabilities(to, z, n);
    const chosen = to + 8 * load<i32>(labels + 4 * r);
    store<f64>(chosen, load<f64>(chosen) - 1);
  }
  // A number that is not finite makes the sum of differences NaN.
  let none: f64 = 0;
  for (let at = delta; at < to; at += 8) {
    const value = load<f64>(at);
    none += value - value;
  }
  memory.fill(to, 0, row * (rows - count));
  return none === 0;
}

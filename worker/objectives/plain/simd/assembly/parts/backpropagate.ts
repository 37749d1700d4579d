import { madd, number, pair } from './pairs';

/** The sums over the even and the odd outputs of one row of weights, added; the last of an odd number counts as even. */
function rowSum<T>(sum: v128, weights: usize, delta: usize, outputs: i32): f64 {
  let even = f64x2.extract_lane(sum, 0);
  if (outputs & 1) even += number<T>(weights + sizeof<T>() * (outputs - 1)) * load<f64>(delta + 8 * (outputs - 1));
  return even + f64x2.extract_lane(sum, 1);
}

/** into[j] = sum over c of W[j, c] delta[c] for all inputs j. */
export function backpropagate<T>(into: usize, inputs: i32, weights: usize, delta: usize, outputs: i32): void {
  const stride = sizeof<T>() * outputs;
  const pairs = outputs & ~1;
  let j = 0;
  let w = weights;
  for (; j + 4 <= inputs; j += 4, w += 4 * stride) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at = w;
    for (let c = 0; c < pairs; c += 2, at += 2 * sizeof<T>()) {
      const d = v128.load(delta + 8 * c);
      s0 = madd(s0, pair<T>(at), d);
      s1 = madd(s1, pair<T>(at + stride), d);
      s2 = madd(s2, pair<T>(at + 2 * stride), d);
      s3 = madd(s3, pair<T>(at + 3 * stride), d);
    }
    store<f64>(into + 8 * j, rowSum<T>(s0, w, delta, outputs));
    store<f64>(into + 8 * j, rowSum<T>(s1, w + stride, delta, outputs), 8);
    store<f64>(into + 8 * j, rowSum<T>(s2, w + 2 * stride, delta, outputs), 16);
    store<f64>(into + 8 * j, rowSum<T>(s3, w + 3 * stride, delta, outputs), 24);
  }
  for (; j < inputs; j++, w += stride) {
    let sum = f64x2.splat(0);
    for (let c = 0; c < pairs; c += 2) sum = madd(sum, pair<T>(w + sizeof<T>() * c), v128.load(delta + 8 * c));
    store<f64>(into + 8 * j, rowSum<T>(sum, w, delta, outputs));
  }
}

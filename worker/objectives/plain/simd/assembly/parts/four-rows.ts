import { madd, number, pair } from './pairs';

/**
 * z[r] = sum over j of row r's numbers times w[j], for four rows of float32 that lie `features` numbers apart. No input is
 * passed over, which gives the same bits while all weights are finite.
 */
export function fourRows<T>(z: usize, rows: usize, features: i32, w: usize): void {
  const stride = 4 * features;
  let low = f64x2.splat(0);
  let high = low;
  let j = 0;
  for (; j + 2 <= features; j += 2) {
    const at = rows + 4 * j;
    const a = pair<f32>(at);
    const b = pair<f32>(at + stride);
    const c = pair<f32>(at + 2 * stride);
    const d = pair<f32>(at + 3 * stride);
    const weights = pair<T>(w + sizeof<T>() * j);
    const first = i64x2.shuffle(weights, weights, 0, 0);
    const second = i64x2.shuffle(weights, weights, 1, 1);
    low = madd(low, i64x2.shuffle(a, b, 0, 2), first);
    high = madd(high, i64x2.shuffle(c, d, 0, 2), first);
    low = madd(low, i64x2.shuffle(a, b, 1, 3), second);
    high = madd(high, i64x2.shuffle(c, d, 1, 3), second);
  }
  if (j < features) {
    const at = rows + 4 * j;
    const weight = f64x2.splat(number<T>(w + sizeof<T>() * j));
    low = madd(low, f64x2(number<f32>(at), number<f32>(at + stride)), weight);
    high = madd(high, f64x2(number<f32>(at + 2 * stride), number<f32>(at + 3 * stride)), weight);
  }
  v128.store(z, low);
  v128.store(z, high, 16);
}

/** sums[j] += row r's number j times delta[r], r = 0 to 3 in order. Gives the same bits while all deltas are finite. */
export function addFourRows(sums: usize, rows: usize, features: i32, delta: usize): void {
  const stride = 4 * features;
  const d0 = v128.load64_splat(delta);
  const d1 = v128.load64_splat(delta, 8);
  const d2 = v128.load64_splat(delta, 16);
  const d3 = v128.load64_splat(delta, 24);
  let j = 0;
  for (; j + 2 <= features; j += 2) {
    const at = rows + 4 * j;
    let sum = v128.load(sums + 8 * j);
    sum = madd(sum, pair<f32>(at), d0);
    sum = madd(sum, pair<f32>(at + stride), d1);
    sum = madd(sum, pair<f32>(at + 2 * stride), d2);
    sum = madd(sum, pair<f32>(at + 3 * stride), d3);
    v128.store(sums + 8 * j, sum);
  }
  if (j === features) return;
  let sum = load<f64>(sums + 8 * j);
  for (let r = 0; r < 4; r++) sum += number<f32>(rows + 4 * j + r * stride) * load<f64>(delta + 8 * r);
  store<f64>(sums + 8 * j, sum);
}

/** Are all n numbers finite? */
export function allFinite<T>(params: usize, n: i32): bool {
  let sum = f64x2.splat(0);
  const none = sum;
  let j = 0;
  for (; j + 2 <= n; j += 2) sum = madd(sum, pair<T>(params + sizeof<T>() * j), none);
  if (j < n) sum = madd(sum, f64x2.splat(number<T>(params + sizeof<T>() * j)), none);
  return f64x2.extract_lane(sum, 0) === 0 && f64x2.extract_lane(sum, 1) === 0;
}

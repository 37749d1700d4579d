import { number, pair } from './pairs';

function round(v: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(v));
}

function storeRounded<T>(at: usize, v: v128): void {
  if (sizeof<T>() === 4) v128.store64_lane(at, f32x4.demote_f64x2_zero(v), 0);
  else v128.store(at, v);
}

/** params[j] -= rate * T(share * sum) at two places: a step without l2 from a sum that is no longer in memory. */
export function stepFrom<T>(params: usize, sum: v128, shares: v128, rates: v128): void {
  let change = f64x2.mul(shares, sum);
  if (sizeof<T>() === 4) change = round(change);
  storeRounded<T>(params, f64x2.sub(pair<T>(params), f64x2.mul(rates, change)));
}

/** The same at one place. */
export function stepOneFrom<T>(params: usize, sum: f64, share: f64, rate: f64): void {
  store<T>(params, <T>(number<T>(params) - rate * f64(<T>(share * sum))));
}

/** share * sums + l2 * params at two places; l2 = 0: the second term is left out. */
function slopes<T>(sums: usize, params: usize, share: f64, l2: f64): v128 {
  const first = f64x2.mul(f64x2.splat(share), v128.load(sums));
  return l2 === 0 ? first : f64x2.add(first, f64x2.mul(f64x2.splat(l2), pair<T>(params)));
}

function slope<T>(sums: usize, params: usize, share: f64, l2: f64): f64 {
  const first = share * load<f64>(sums);
  return l2 === 0 ? first : first + l2 * number<T>(params);
}

/** params[j] -= rate * T(share * sums[j] + l2 * params[j]), rounded to T, and sums[j] = 0. */
export function step<T>(params: usize, sums: usize, n: i32, share: f64, l2: f64, rate: f64): void {
  const rates = f64x2.splat(rate);
  const zero = f64x2.splat(0);
  let to = params;
  let from = sums;
  for (const end = sums + 8 * (n & ~1); from < end; from += 16, to += 2 * sizeof<T>()) {
    let change = slopes<T>(from, to, share, l2);
    v128.store(from, zero);
    if (sizeof<T>() === 4) change = round(change);
    storeRounded<T>(to, f64x2.sub(pair<T>(to), f64x2.mul(rates, change)));
  }
  if (!(n & 1)) return;
  store<T>(to, <T>(number<T>(to) - rate * f64(<T>slope<T>(from, to, share, l2))));
  store<f64>(from, 0);
}

/** into[j] = T(share * sums[j] + l2 * params[j]). */
export function mean<T>(into: usize, sums: usize, params: usize, n: i32, share: f64, l2: f64): void {
  let to = into;
  let at = params;
  let from = sums;
  for (const end = sums + 8 * (n & ~1); from < end; from += 16, to += 2 * sizeof<T>(), at += 2 * sizeof<T>())
    storeRounded<T>(to, slopes<T>(from, at, share, l2));
  if (n & 1) store<T>(to, <T>slope<T>(from, at, share, l2));
}

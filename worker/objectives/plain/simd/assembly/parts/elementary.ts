/*
 * The functions of protocol/numerics/elementary.ts, operation for operation, so that their bits are the same; exp for two
 * numbers at once as well.
 */
const LN2_HIGH: f64 = 6.9314718036912381649e-1;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
const INVERSE_LN2: f64 = Math.LOG2E;
const P1: f64 = 1.66666666666666019037e-1;
const P2: f64 = -2.77777777770155933842e-3;
const P3: f64 = 6.61375632143793436117e-5;
const P4: f64 = -1.6533902205465251539e-6;
const P5: f64 = 4.13813679705723846039e-8;

/** 2^k for integer k in [-1022, 1023]. */
function powerOfTwo(k: i32): f64 {
  return reinterpret<f64>(i64(k + 1023) << 52);
}

export function exp(x: f64): f64 {
  if (!(x > -745.13321910194122)) return x !== x ? x : 0;
  if (x > 709.78271289338397) return Infinity;
  const k = floor(INVERSE_LN2 * x + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  const power = i32(k);
  if (power > 1023) return y * 2 * powerOfTwo(power - 1);
  if (power < -1022) return y * powerOfTwo(power + 54) * 5.55111512312578270212e-17;
  return y * powerOfTwo(power);
}

function splat(x: f64): v128 {
  return f64x2.splat(x);
}

/** exp of both numbers; the same bits as one by one. */
export function expPair(x: v128): v128 {
  // Outside, and for NaN, the scaling takes more care.
  const plain = v128.and(f64x2.ge(x, splat(-700)), f64x2.le(x, splat(700)));
  if (!i64x2.all_true(plain)) return f64x2(exp(f64x2.extract_lane(x, 0)), exp(f64x2.extract_lane(x, 1)));
  const k = f64x2.floor(f64x2.add(f64x2.mul(splat(INVERSE_LN2), x), splat(0.5)));
  const high = f64x2.sub(x, f64x2.mul(k, splat(LN2_HIGH)));
  const low = f64x2.mul(k, splat(LN2_LOW));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(splat(P4), f64x2.mul(t, splat(P5)));
  p = f64x2.add(splat(P3), f64x2.mul(t, p));
  p = f64x2.add(splat(P2), f64x2.mul(t, p));
  p = f64x2.add(splat(P1), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(splat(2), c));
  const y = f64x2.sub(splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  const power = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(k));
  return f64x2.mul(y, i64x2.shl(i64x2.add(power, i64x2.splat(1023)), 52));
}

export function log(value: f64): f64 {
  let x = value;
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k: i32 = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984;
    k = -54;
  }
  const bits = reinterpret<i64>(x);
  let high = i32(bits >> 32);
  k += (high >> 20) - 1023;
  high &= 0xfffff;
  const above = (high + 0x95f64) & 0x100000;
  high |= above ^ 0x3ff00000;
  k += above >> 20;
  const f = reinterpret<f64>((i64(high) << 32) | (bits & 0xffffffff)) - 1;
  const s = f / (2 + f);
  const z = s * s;
  let p = 1.531383769920937332e-1 + z * 1.479819860511658591e-1;
  p = 1.818357216161805012e-1 + z * p;
  p = 2.222219843214978396e-1 + z * p;
  p = 2.857142874366239149e-1 + z * p;
  p = 3.999999999940941908e-1 + z * p;
  p = 6.66666666666673513e-1 + z * p;
  const remainder = z * p;
  const half = 0.5 * f * f;
  const scale = f64(k);
  return scale * LN2_HIGH - (half - (s * (half + remainder) + scale * LN2_LOW) - f);
}

function log1p(x: f64): f64 {
  const u = 1 + x;
  if (u === 1) return x;
  if (u === Infinity) return u;
  return (log(u) * x) / (u - 1);
}

function expm1(x: f64): f64 {
  if (x > 0.5 || x < -0.5) return exp(x) - 1;
  const u = exp(x);
  if (u === 1) return x;
  return ((u - 1) * x) / log(u);
}

export function tanh(x: f64): f64 {
  if (x > 22) return 1;
  if (x < -22) return -1;
  const e = expm1(2 * x);
  return e / (e + 2);
}

export function sigmoid(x: f64): f64 {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

export function softplus(x: f64): f64 {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

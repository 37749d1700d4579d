/*
 * Loops over vectors, two or four numbers at a time, in AssemblyScript; `npm run build` compiles them. The plain loops are in ../../vector.ts:
 * equal bits, as a product is rounded before it is added. T is the type of the sums, U that of what is added.
 */

/** Numbers that one call takes. */
const MOST: i32 = 4096;

const sums: usize = memory.data(8 * 4096, 16);
const terms: usize = memory.data(8 * 4096, 16);
/** Where the caller puts the numbers. */
export const into: i32 = <i32>sums;
export const from: i32 = <i32>terms;

function pair<T>(at: usize): v128 {
  if (sizeof<T>() === 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

function storePair<T>(at: usize, v: v128): void {
  if (sizeof<T>() === 4) v128.store64_lane(at, f32x4.demote_f64x2_zero(v), 0);
  else v128.store(at, v);
}

/** What lies behind the last number is changed too. */
function addMultiple<T, U>(n: i32, factor: f64): void {
  const factors = f64x2.splat(factor);
  let a = sums;
  let b = terms;
  for (let i = 0; i < min(n, MOST); i += 4, a += 4 * sizeof<T>(), b += 4 * sizeof<U>()) {
    storePair<T>(a, f64x2.add(pair<T>(a), f64x2.mul(factors, pair<U>(b))));
    const a1 = a + 2 * sizeof<T>();
    storePair<T>(a1, f64x2.add(pair<T>(a1), f64x2.mul(factors, pair<U>(b + 2 * sizeof<U>()))));
  }
}

/** float32 += or -= float32: rounded to float64 before, or not, it is the same float32. */
function addSigned(n: i32, sign: f32): void {
  const signs = f32x4.splat(sign);
  const end: usize = 4 * min(n, MOST);
  for (let i: usize = 0; i < end; i += 16)
    v128.store(sums + i, f32x4.add(v128.load(sums + i), f32x4.mul(signs, v128.load(terms + i))));
}

/** float32 += factor * float32. */
export function addSingle(n: i32, factor: f64): void {
  if (abs(factor) === 1) addSigned(n, <f32>factor);
  else addMultiple<f32, f32>(n, factor);
}

/** float64 += factor * float32. */
export function addWidened(n: i32, factor: f64): void {
  addMultiple<f64, f32>(n, factor);
}

/** float64 += factor * float64. */
export function addDouble(n: i32, factor: f64): void {
  addMultiple<f64, f64>(n, factor);
}

/*
 * Bytes as numbers of 32 bits, sixteen at a time, in AssemblyScript; `npm run build` compiles it. The plain loop is in
 * ../../image-pooling.ts.
 */

/** Bytes of one call, at most. */
const MOST: i32 = 8192;

const bytes: usize = memory.data(8192, 16);
const numbers: usize = memory.data(32768, 16);
export const input: i32 = <i32>bytes;
export const output: i32 = <i32>numbers;

/** Of four whole numbers: their products with the factor in 64 bits, rounded once. */
function products(words: v128, factor: v128): v128 {
  const low = f64x2.mul(f64x2.convert_low_i32x4_u(words), factor);
  const high = f64x2.mul(f64x2.convert_low_i32x4_u(v128.shuffle<i32>(words, words, 2, 3, 2, 3)), factor);
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** The first `count` bytes, a multiple of 16, times the factor. */
export function multiply(count: i32, factor: f64): void {
  const factors = f64x2.splat(factor);
  let to = numbers;
  for (let at = bytes, end = bytes + min(count, MOST); at < end; at += 16, to += 64) {
    const sixteen = v128.load(at);
    const low = i16x8.extend_low_i8x16_u(sixteen);
    const high = i16x8.extend_high_i8x16_u(sixteen);
    v128.store(to, products(i32x4.extend_low_i16x8_u(low), factors));
    v128.store(to, products(i32x4.extend_high_i16x8_u(low), factors), 16);
    v128.store(to, products(i32x4.extend_low_i16x8_u(high), factors), 32);
    v128.store(to, products(i32x4.extend_high_i16x8_u(high), factors), 48);
  }
}

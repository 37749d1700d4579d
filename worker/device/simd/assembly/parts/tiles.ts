import { PANEL } from './packing';

/** x * y + z, in one rounding where relaxed SIMD is compiled in and the processor has it. */
export function multiplyAdd(x: v128, y: v128, z: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, z);
  return f32x4.add(f32x4.mul(x, y), z);
}

/**
 * Two rows of A by 16 columns of a packed panel: sums over `depth` at `to` and, of the second row, at `second`. `x` and `y`: where
 * the rows begin; `step`: bytes from one number of a row to the next;
 * `line`: bytes from one row of the panel to the next.
 */
export function tile(
  to: usize,
  second: usize,
  x: usize,
  y: usize,
  step: usize,
  b: usize,
  line: usize,
  depth: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  for (const end = b + <usize>depth * line; b < end; b += line, x += step, y += step) {
    const b0 = v128.load(b, 0);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    let a = v128.load32_splat(x);
    c00 = multiplyAdd(a, b0, c00);
    c01 = multiplyAdd(a, b1, c01);
    c02 = multiplyAdd(a, b2, c02);
    c03 = multiplyAdd(a, b3, c03);
    a = v128.load32_splat(y);
    c10 = multiplyAdd(a, b0, c10);
    c11 = multiplyAdd(a, b1, c11);
    c12 = multiplyAdd(a, b2, c12);
    c13 = multiplyAdd(a, b3, c13);
  }
  v128.store(to, c00, 0);
  v128.store(to, c01, 16);
  v128.store(to, c02, 32);
  v128.store(to, c03, 48);
  v128.store(second, c10, 0);
  v128.store(second, c11, 16);
  v128.store(second, c12, 32);
  v128.store(second, c13, 48);
}

/** Four rows by the first 8 columns of a panel, into 4 rows of 8 numbers from `to`. */
export function narrowTile(to: usize, x: usize, y: usize, z: usize, u: usize, step: usize, b: usize, depth: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (const end = b + ((<usize>depth) << 6); b < end; b += PANEL * 4, x += step, y += step, z += step, u += step) {
    const v = v128.load(b);
    const w = v128.load(b, 16);
    let a = v128.load32_splat(x);
    c00 = multiplyAdd(a, v, c00);
    c01 = multiplyAdd(a, w, c01);
    a = v128.load32_splat(y);
    c10 = multiplyAdd(a, v, c10);
    c11 = multiplyAdd(a, w, c11);
    a = v128.load32_splat(z);
    c20 = multiplyAdd(a, v, c20);
    c21 = multiplyAdd(a, w, c21);
    a = v128.load32_splat(u);
    c30 = multiplyAdd(a, v, c30);
    c31 = multiplyAdd(a, w, c31);
  }
  v128.store(to, c00, 0);
  v128.store(to, c01, 16);
  v128.store(to, c10, 32);
  v128.store(to, c11, 48);
  v128.store(to, c20, 64);
  v128.store(to, c21, 80);
  v128.store(to, c30, 96);
  v128.store(to, c31, 112);
}

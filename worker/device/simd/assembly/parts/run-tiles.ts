import { multiplyAdd } from './tiles';

/**
 * Tiles of a product whose rows of A lie in pieces: runs, each 8 bytes at `runs`: where it begins, in bytes from the row's own address, and how many
 * numbers it has. The rows of B that belong to them follow each other, `line` bytes apart. Only the first `columns` are written, but B is read to
 * the end of the tile.
 */

/** Writes the first `columns` numbers, at most four. */
function storeSome(to: usize, values: v128, columns: i32): void {
  if (columns >= 4) {
    v128.store(to, values);
    return;
  }
  if (columns >= 2) v128.store64_lane(to, values, 0);
  if (columns === 3) v128.store32_lane(to, values, 2, 8);
  if (columns === 1) v128.store32_lane(to, values, 0);
}

/** Eight sums, added to what is there (`adds`), plus a bias (0: none), then max(0, .) of it if `relu`. */
function finish(to: usize, sums: v128, more: v128, columns: i32, bias: usize, relu: bool, adds: bool): void {
  if (adds) {
    sums = f32x4.add(v128.load(to), sums);
    more = f32x4.add(v128.load(to, 16), more);
  }
  if (bias) {
    sums = f32x4.add(sums, v128.load(bias));
    more = f32x4.add(more, v128.load(bias, 16));
  }
  if (relu) {
    const zero = f32x4.splat(0);
    sums = f32x4.max(sums, zero);
    more = f32x4.max(more, zero);
  }
  storeSome(to, sums, columns);
  if (columns > 4) storeSome(to + 16, more, columns - 4);
}

/** Two rows by 9 to 16 columns. */
export function wideTile(
  to: usize,
  second: usize,
  x: usize,
  y: usize,
  runs: usize,
  endRuns: usize,
  step: usize,
  b: usize,
  line: usize,
  columns: i32,
  bias: usize,
  relu: bool,
  adds: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  for (; runs < endRuns; runs += 8) {
    const begin = <usize>load<u32>(runs);
    const end = b + <usize>load<u32>(runs, 4) * line;
    for (let p = x + begin, q = y + begin; b < end; b += line, p += step, q += step) {
      const b0 = v128.load(b, 0);
      const b1 = v128.load(b, 16);
      const b2 = v128.load(b, 32);
      const b3 = v128.load(b, 48);
      let a = v128.load32_splat(p);
      c00 = multiplyAdd(a, b0, c00);
      c01 = multiplyAdd(a, b1, c01);
      c02 = multiplyAdd(a, b2, c02);
      c03 = multiplyAdd(a, b3, c03);
      a = v128.load32_splat(q);
      c10 = multiplyAdd(a, b0, c10);
      c11 = multiplyAdd(a, b1, c11);
      c12 = multiplyAdd(a, b2, c12);
      c13 = multiplyAdd(a, b3, c13);
    }
  }
  const more = bias ? bias + 32 : 0;
  finish(to, c00, c01, columns, bias, relu, adds);
  finish(to + 32, c02, c03, columns - 8, more, relu, adds);
  if (second === to) return;
  finish(second, c10, c11, columns, bias, relu, adds);
  finish(second + 32, c12, c13, columns - 8, more, relu, adds);
}

/** At most four rows (`rows`), `toStep` bytes apart in the output, by 1 to 8 columns. */
export function narrowTile(
  to: usize,
  toStep: usize,
  rows: i32,
  x: usize,
  y: usize,
  z: usize,
  u: usize,
  runs: usize,
  endRuns: usize,
  step: usize,
  b: usize,
  line: usize,
  columns: i32,
  bias: usize,
  relu: bool,
  adds: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (; runs < endRuns; runs += 8) {
    const begin = <usize>load<u32>(runs);
    const end = b + <usize>load<u32>(runs, 4) * line;
    let p = x + begin;
    let q = y + begin;
    let r = z + begin;
    let s = u + begin;
    for (; b < end; b += line, p += step, q += step, r += step, s += step) {
      const v = v128.load(b);
      const w = v128.load(b, 16);
      let a = v128.load32_splat(p);
      c00 = multiplyAdd(a, v, c00);
      c01 = multiplyAdd(a, w, c01);
      a = v128.load32_splat(q);
      c10 = multiplyAdd(a, v, c10);
      c11 = multiplyAdd(a, w, c11);
      a = v128.load32_splat(r);
      c20 = multiplyAdd(a, v, c20);
      c21 = multiplyAdd(a, w, c21);
      a = v128.load32_splat(s);
      c30 = multiplyAdd(a, v, c30);
      c31 = multiplyAdd(a, w, c31);
    }
  }
  finish(to, c00, c01, columns, bias, relu, adds);
  if (rows < 2) return;
  finish(to + toStep, c10, c11, columns, bias, relu, adds);
  if (rows < 3) return;
  finish(to + 2 * toStep, c20, c21, columns, bias, relu, adds);
  if (rows < 4) return;
  finish(to + 3 * toStep, c30, c31, columns, bias, relu, adds);
}

import { PANEL } from './packing';
import { multiplyAdd } from './tiles';

/** Masks of the first `columns` of 16 numbers, at `to`. */
export function writeMasks(to: usize, columns: i32): void {
  for (let j = 0; j < PANEL; j++) store<i32>(to + ((<usize>j) << 2), j < columns ? -1 : 0);
}

function addTo(to: usize, sums: v128): void {
  v128.store(to, f32x4.add(v128.load(to), sums));
}

/**
 * Adds what two places give to their images, from `to` and `second` on: x and y [depth] times panels [depth, 16], which belong to a run of
 * `run` numbers in each of `lines` lines, `line` bytes apart. `masks`: of the last panel of a run, where that is not full.
 */
export function addPlaces(
  to: usize,
  second: usize,
  x: usize,
  y: usize,
  depth: i32,
  panel: usize,
  lines: i32,
  run: i32,
  line: usize,
  masks: usize,
): void {
  const last = (<usize>((run - 1) / PANEL)) << 6;
  const isCut = run % PANEL !== 0;
  const deep = (<usize>depth) << 6;
  for (; lines > 0; lines--, to += line, second += line)
    for (let j: usize = 0; j <= last; j += PANEL * 4) {
      let c00 = f32x4.splat(0);
      let c01 = c00;
      let c02 = c00;
      let c03 = c00;
      let c10 = c00;
      let c11 = c00;
      let c12 = c00;
      let c13 = c00;
      for (let p = x, q = y, end = panel + deep; panel < end; panel += PANEL * 4, p += 4, q += 4) {
        const b0 = v128.load(panel, 0);
        const b1 = v128.load(panel, 16);
        const b2 = v128.load(panel, 32);
        const b3 = v128.load(panel, 48);
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
      if (isCut && j === last) {
        // What is no number times the panel's zeros stays out of the next pixel.
        const m0 = v128.load(masks, 0);
        const m1 = v128.load(masks, 16);
        const m2 = v128.load(masks, 32);
        const m3 = v128.load(masks, 48);
        c00 = v128.and(c00, m0);
        c01 = v128.and(c01, m1);
        c02 = v128.and(c02, m2);
        c03 = v128.and(c03, m3);
        c10 = v128.and(c10, m0);
        c11 = v128.and(c11, m1);
        c12 = v128.and(c12, m2);
        c13 = v128.and(c13, m3);
      }
      addTo(to + j, c00);
      addTo(to + j + 16, c01);
      addTo(to + j + 32, c02);
      addTo(to + j + 48, c03);
      if (second === to) continue;
      addTo(second + j, c10);
      addTo(second + j + 16, c11);
      addTo(second + j + 32, c12);
      addTo(second + j + 48, c13);
    }
}

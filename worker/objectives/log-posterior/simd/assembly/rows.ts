/*
 * Products and sums of rows of float64 (feature-rows.ts) for 128-bit SIMD, in AssemblyScript; `npm run build` compiles them. Equal to the
 * plain loops bit for bit: every product of a row has its own accumulator, added to from the first column on, and every sum is added to
 * row by row; a product is rounded before it is added. All addresses are bytes.
 */

/** Where memory that no table takes begins. */
export const heap: usize = __heap_base;

function madd(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

/** z[r] = sum over j of w[j] times number j of row indices[r], r below n. */
export function products(z: usize, values: usize, width: i32, indices: usize, n: i32, w: usize): void {
  const bytes = usize(width) << 3;
  let r = 0;
  for (; r + 4 <= n; r += 4) {
    let a = values + bytes * load<u32>(indices + 4 * r);
    let b = values + bytes * load<u32>(indices + 4 * r, 4);
    let c = values + bytes * load<u32>(indices + 4 * r, 8);
    let d = values + bytes * load<u32>(indices + 4 * r, 12);
    let low = f64x2.splat(0);
    let high = low;
    let j = 0;
    let at = w;
    for (; j + 2 <= width; j += 2) {
      const first = v128.load64_splat(at);
      const second = v128.load64_splat(at, 8);
      const ra = v128.load(a);
      const rb = v128.load(b);
      const rc = v128.load(c);
      const rd = v128.load(d);
      low = madd(low, i64x2.shuffle(ra, rb, 0, 2), first);
      high = madd(high, i64x2.shuffle(rc, rd, 0, 2), first);
      low = madd(low, i64x2.shuffle(ra, rb, 1, 3), second);
      high = madd(high, i64x2.shuffle(rc, rd, 1, 3), second);
      a += 16;
      b += 16;
      c += 16;
      d += 16;
      at += 16;
    }
    if (j < width) {
      const weight = v128.load64_splat(at);
      low = madd(low, f64x2(load<f64>(a), load<f64>(b)), weight);
      high = madd(high, f64x2(load<f64>(c), load<f64>(d)), weight);
    }
    v128.store(z + 8 * r, low);
    v128.store(z + 8 * r, high, 16);
  }
  for (; r < n; r++) {
    const row = values + bytes * load<u32>(indices + 4 * r);
    let sum: f64 = 0;
    for (let j = 0; j < width; j++) sum += load<f64>(row + 8 * j) * load<f64>(w + 8 * j);
    store<f64>(z + 8 * r, sum);
  }
}

/** sums[j] += factors[r] times number j of row indices[r], for r = 0 to n - 1 in order. */
export function addRows(sums: usize, values: usize, width: i32, indices: usize, n: i32, factors: usize): void {
  const bytes = usize(width) << 3;
  let r = 0;
  for (; r + 4 <= n; r += 4) {
    let a = values + bytes * load<u32>(indices + 4 * r);
    let b = values + bytes * load<u32>(indices + 4 * r, 4);
    let c = values + bytes * load<u32>(indices + 4 * r, 8);
    let d = values + bytes * load<u32>(indices + 4 * r, 12);
    const fa = v128.load64_splat(factors + 8 * r);
    const fb = v128.load64_splat(factors + 8 * r, 8);
    const fc = v128.load64_splat(factors + 8 * r, 16);
    const fd = v128.load64_splat(factors + 8 * r, 24);
    let j = 0;
    let to = sums;
    for (; j + 2 <= width; j += 2) {
      let sum = madd(v128.load(to), fa, v128.load(a));
      sum = madd(sum, fb, v128.load(b));
      sum = madd(sum, fc, v128.load(c));
      v128.store(to, madd(sum, fd, v128.load(d)));
      a += 16;
      b += 16;
      c += 16;
      d += 16;
      to += 16;
    }
    if (j < width) {
      let sum = load<f64>(to) + f64x2.extract_lane(fa, 0) * load<f64>(a);
      sum += f64x2.extract_lane(fb, 0) * load<f64>(b);
      sum += f64x2.extract_lane(fc, 0) * load<f64>(c);
      store<f64>(to, sum + f64x2.extract_lane(fd, 0) * load<f64>(d));
    }
  }
  for (; r < n; r++) {
    const row = values + bytes * load<u32>(indices + 4 * r);
    const factor = load<f64>(factors + 8 * r);
    for (let j = 0; j < width; j++) store<f64>(sums + 8 * j, load<f64>(sums + 8 * j) + factor * load<f64>(row + 8 * j));
  }
}

/*
 * Blocks of Threefry-2x32 with 20 rounds, four counters in a vector, in AssemblyScript; `npm run build` compiles it. The plain loop is in
 * ../../random.ts: equal bits.
 */

/** Blocks that one call writes. */
const MOST: i32 = 4096;

const room: usize = memory.data(8 * 4096, 16);
export const output: i32 = <i32>room;

function turned(v: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(v, bits), i32x4.shr_u(v, 32 - bits));
}

/** Words of `count` (at most 4,096) blocks from the counter (low, high), `low` not beyond its range: two a block. */
export function fill(key0: i32, key1: i32, low: i32, high: i32, count: i32): void {
  const key2 = key0 ^ key1 ^ 0x1bd11bda;
  const y0 = i32x4.splat(high + key1);
  let counters = i32x4.add(i32x4.splat(low + key0), i32x4(0, 1, 2, 3));
  const keys0 = i32x4.splat(key0);
  const keys1 = i32x4.splat(key1);
  const keys2 = i32x4.splat(key2);
  const y1 = i32x4.splat(key2 + 1);
  const y2 = i32x4.splat(key0 + 2);
  const y3 = i32x4.splat(key1 + 3);
  const y4 = i32x4.splat(key2 + 4);
  const y5 = i32x4.splat(key0 + 5);
  const four = i32x4.splat(4);
  for (let i = 0, to = room; i < min(count, MOST); i += 4, to += 32) {
    let x = i32x4.add(counters, y0);
    let y = v128.xor(turned(y0, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 6), x);
    x = i32x4.add(x, keys1);
    y = i32x4.add(y, y1);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 17), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 29), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 16), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 24), x);
    x = i32x4.add(x, keys2);
    y = i32x4.add(y, y2);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 6), x);
    x = i32x4.add(x, keys0);
    y = i32x4.add(y, y3);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 17), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 29), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 16), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 24), x);
    x = i32x4.add(x, keys1);
    y = i32x4.add(y, y4);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 6), x);
    x = i32x4.add(x, keys2);
    y = i32x4.add(y, y5);
    v128.store(to, v128.shuffle<i32>(x, y, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<i32>(x, y, 2, 6, 3, 7), 16);
    counters = i32x4.add(counters, four);
  }
}

/** The first `count` words there become float32 numbers: `factor` where a word is at least `limit`, else 0. */
export function becomeFactors(count: i32, limit: i32, factor: f32): void {
  const limits = i32x4.splat(limit);
  const factors = f32x4.splat(factor);
  for (let i = 0, at = room; i < min(count, 2 * MOST); i += 4, at += 16)
    v128.store(at, v128.and(factors, i32x4.ge_u(v128.load(at), limits)));
}

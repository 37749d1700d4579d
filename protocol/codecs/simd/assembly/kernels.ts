// asc: --importMemory
/*
 * The hottest loops of the codecs for 128-bit SIMD, in AssemblyScript; `npm run build` compiles them. Each does exactly what
 * the plain loop beside its call does, bit for bit. `from`: where the n numbers of 32 bits lie, in a vector of this memory or, up to
 * `chunk` of them, where the caller has copied them, in `input`; of more the outputs must have room. Addresses are bytes.
 */
export const chunk: i32 = 16384;

export const input: usize = memory.data(4 * 16384, 16);
export const output: usize = memory.data(4 * 16384, 16);
export const second: usize = memory.data(4 * 16384, 16);
/** State of four generators: word w of lane j at 4 w + j. */
export const coins: usize = memory.data(64, 16);
/** Eight float64 sums. */
export const sums: usize = memory.data(64, 16);

function greatestLane(v: v128): u32 {
  const a = max<u32>(u32(i32x4.extract_lane(v, 0)), u32(i32x4.extract_lane(v, 1)));
  const b = max<u32>(u32(i32x4.extract_lane(v, 2)), u32(i32x4.extract_lane(v, 3)));
  return max<u32>(a, b);
}

function upper(v: v128): v128 {
  return i64x2.shuffle(v, v, 1, 1);
}

function rotate(v: v128, by: i32): v128 {
  return v128.or(i32x4.shl(v, by), i32x4.shr_u(v, 32 - by));
}

/** bfloat16, nearest, ties to even. n is a multiple of 8. Returns the greatest magnitude's bits. */
export function roundToBf16(from: usize, n: i32): u32 {
  const mask = i32x4.splat(0x7fffffff);
  const half = i32x4.splat(0x7fff);
  const one = i32x4.splat(1);
  let greatest = i32x4.splat(0);
  let to = output;
  for (const end = from + 4 * n; from < end; from += 32, to += 16) {
    let a = v128.load(from);
    let b = v128.load(from, 16);
    greatest = i32x4.max_u(greatest, i32x4.max_u(v128.and(a, mask), v128.and(b, mask)));
    a = i32x4.add(i32x4.add(a, half), v128.and(i32x4.shr_u(a, 16), one));
    b = i32x4.add(i32x4.add(b, half), v128.and(i32x4.shr_u(b, 16), one));
    v128.store(to, i16x8.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15));
  }
  return greatestLane(greatest);
}

/** All bits of four float32 but their signs. In memory: as a constant it would be made at every use. */
const magnitudes: usize = memory.data<u64>([0x7fffffff7fffffff, 0x7fffffff7fffffff], 16);

/** Sign bits to output, and |x| added to eight interleaved sums. n is a multiple of 16. */
export function packSigns(from: usize, n: i32): void {
  let s0 = v128.load(sums);
  let s1 = v128.load(sums, 16);
  let s2 = v128.load(sums, 32);
  let s3 = v128.load(sums, 48);
  const mask = v128.load(magnitudes);
  let to = output;
  for (const end = from + 4 * n; from < end; from += 64, to += 2) {
    let a = v128.load(from);
    let b = v128.load(from, 16);
    let c = v128.load(from, 32);
    let d = v128.load(from, 48);
    const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
    store<u16>(to, u16(i8x16.bitmask(bytes)));
    a = v128.and(a, mask);
    b = v128.and(b, mask);
    c = v128.and(c, mask);
    d = v128.and(d, mask);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(a));
    s1 = f64x2.add(s1, f64x2.promote_low_f32x4(upper(a)));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(b));
    s3 = f64x2.add(s3, f64x2.promote_low_f32x4(upper(b)));
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(c));
    s1 = f64x2.add(s1, f64x2.promote_low_f32x4(upper(c)));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(d));
    s3 = f64x2.add(s3, f64x2.promote_low_f32x4(upper(d)));
  }
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(sums, s2, 32);
  v128.store(sums, s3, 48);
}

/** n numbers, each `positive` or `negative` by its bit in input. n is a multiple of 8. */
export function spreadSigns(n: i32, positive: f32, negative: f32): void {
  const low = i32x4(1, 2, 4, 8);
  const high = i32x4(16, 32, 64, 128);
  const plus = f32x4.splat(positive);
  const minus = f32x4.splat(negative);
  let from = input;
  let to = output;
  for (const end = output + 4 * n; to < end; to += 32, from++) {
    const byte = i32x4.splat(i32(load<u8>(from)));
    v128.store(to, v128.bitselect(minus, plus, i32x4.eq(v128.and(byte, low), low)));
    v128.store(to, v128.bitselect(minus, plus, i32x4.eq(v128.and(byte, high), high)), 16);
  }
}

/** Greatest magnitude's bits of the numbers at [from, to); a multiple of 4 of them. */
function greatestBetween(from: usize, to: usize): u32 {
  const mask = i32x4.splat(0x7fffffff);
  let greatest = i32x4.splat(0);
  let at = from;
  for (; at + 64 <= to; at += 64) {
    const a = i32x4.max_u(v128.and(v128.load(at), mask), v128.and(v128.load(at, 16), mask));
    const b = i32x4.max_u(v128.and(v128.load(at, 32), mask), v128.and(v128.load(at, 48), mask));
    greatest = i32x4.max_u(greatest, i32x4.max_u(a, b));
  }
  for (; at < to; at += 16) greatest = i32x4.max_u(greatest, v128.and(v128.load(at), mask));
  return greatestLane(greatest);
}

/** Greatest magnitude's bits; from 0x7f800000 on something is not finite. n is a multiple of 4. */
export function greatestMagnitude(from: usize, n: i32): u32 {
  return greatestBetween(from, from + 4 * n);
}

/** n coins (a multiple of 4), four generators side by side, to output. */
export function fillCoins(n: i32): void {
  let a = v128.load(coins);
  let b = v128.load(coins, 16);
  let c = v128.load(coins, 32);
  let d = v128.load(coins, 48);
  for (let to = output, end = output + 4 * n; to < end; to += 16) {
    v128.store(to, i32x4.add(rotate(i32x4.add(a, d), 7), a));
    const t = i32x4.shl(b, 9);
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    b = v128.xor(b, c);
    a = v128.xor(a, d);
    c = v128.xor(c, t);
    d = rotate(d, 11);
  }
  v128.store(coins, a);
  v128.store(coins, b, 16);
  v128.store(coins, c, 32);
  v128.store(coins, d, 48);
}

/**
 * 4096, less half of the unit in the last place of what lies from there on. s + FLOOR for s from 0 to 255 is floor(s) + 4096 and a fraction:
 * a whole s is a tie, which goes up to s + 4096 as that is even, and what is below s stays below. floor(s) is then byte 1 of the upper half.
 */
const FLOOR: f64 = 4096.0 - 1.0 / 2199023255552.0;

/** x inverse + shift, of the two lower numbers of x. */
function scaled(x: v128, inverse: v128, shift: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(x), inverse), shift);
}

/** The upper halves of the floors of four sums. */
function floors(low: v128, high: v128): v128 {
  const floor = f64x2.splat(FLOOR);
  return i32x4.shuffle(f64x2.add(low, floor), f64x2.add(high, floor), 1, 3, 5, 7);
}

/** The four levels of x, for rounding to the nearest, in byte 1 of each lane. */
function levelsOf(x: v128, inverse: v128, shift: v128): v128 {
  return floors(scaled(x, inverse, shift), scaled(upper(x), inverse, shift));
}

/** The two lower words over 2^32: a float64 of exponent 20 with such a word as its lower half is 2^20 more. */
function lowerCoins(words: v128): v128 {
  return f64x2.sub(i32x4.shuffle(words, i32x4.splat(0x41300000), 0, 4, 1, 5), f64x2.splat(1048576.0));
}

function upperCoins(words: v128): v128 {
  return f64x2.sub(i32x4.shuffle(words, i32x4.splat(0x41300000), 2, 6, 3, 7), f64x2.splat(1048576.0));
}

/** The four levels of x, each with the coin of its word, in byte 1 of each lane. */
function levelsAtRandom(x: v128, inverse: v128, shift: v128, words: v128): v128 {
  const low = f64x2.add(scaled(x, inverse, shift), lowerCoins(words));
  return floors(low, f64x2.add(scaled(upper(x), inverse, shift), upperCoins(words)));
}

/** Four levels from 0 to 255, less `middle`, as bytes at `to`. */
function storeBytes(to: usize, q: v128, middle: v128): void {
  const bytes = i8x16.shuffle(q, q, 1, 5, 9, 13, 1, 5, 9, 13, 1, 5, 9, 13, 1, 5, 9, 13);
  v128.store32_lane(to, i8x16.sub(bytes, middle), 0);
}

/** Sixteen levels from 0 to 255, less `middle`, as bytes at `to`. */
function storeSixteen(to: usize, a: v128, b: v128, c: v128, d: v128, middle: v128): void {
  const low = i16x8.shr_u(i16x8.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14), 8);
  const high = i16x8.shr_u(i16x8.shuffle(c, d, 0, 2, 4, 6, 8, 10, 12, 14), 8);
  v128.store(to, i8x16.sub(i8x16.narrow_i16x8_u(low, high), middle));
}

/**
 * Eight bits, blocks of `block` numbers (a multiple of 4 that divides n), scales to second, bytes to output. With `random`,
 * rounding takes one coin a number. Returns the greatest magnitude's bits.
 */
export function quantizeInt8(from: usize, n: i32, block: i32, random: i32): u32 {
  return random ? quantizeRandom(from, n, block) : quantizeNearest(from, n, block);
}

function inverseOfScale(bits: u32): v128 {
  return f64x2.splat(bits ? 127.0 / f64(reinterpret<f32>(bits)) : 0.0);
}

function quantizeNearest(from: usize, n: i32, block: i32): u32 {
  const shift = f64x2.splat(128.5);
  const middle = i8x16.splat(-128);
  let most: u32 = 0;
  let scale = second;
  let to = output;
  for (const end = from + 4 * n; from < end; scale += 4) {
    const until = from + 4 * block;
    const bits = greatestBetween(from, until);
    most = max<u32>(most, bits);
    store<u32>(scale, bits);
    const inverse = inverseOfScale(bits);
    for (; from + 64 <= until; from += 64, to += 16) {
      const p = levelsOf(v128.load(from), inverse, shift);
      const q = levelsOf(v128.load(from, 16), inverse, shift);
      const r = levelsOf(v128.load(from, 32), inverse, shift);
      storeSixteen(to, p, q, r, levelsOf(v128.load(from, 48), inverse, shift), middle);
    }
    for (; from < until; from += 16, to += 4) storeBytes(to, levelsOf(v128.load(from), inverse, shift), middle);
  }
  return most;
}

function quantizeRandom(from: usize, n: i32, block: i32): u32 {
  const shift = f64x2.splat(127.0);
  const middle = i8x16.splat(127);
  let a = v128.load(coins);
  let b = v128.load(coins, 16);
  let c = v128.load(coins, 32);
  let d = v128.load(coins, 48);
  let most: u32 = 0;
  let scale = second;
  let to = output;
  for (const end = from + 4 * n; from < end; scale += 4) {
    const until = from + 4 * block;
    const bits = greatestBetween(from, until);
    most = max<u32>(most, bits);
    store<u32>(scale, bits);
    const inverse = inverseOfScale(bits);
    for (; from < until; from += 16, to += 4) {
      const x = v128.load(from);
      const word = i32x4.add(rotate(i32x4.add(a, d), 7), a);
      const t = i32x4.shl(b, 9);
      c = v128.xor(c, a);
      d = v128.xor(d, b);
      b = v128.xor(b, c);
      a = v128.xor(a, d);
      c = v128.xor(c, t);
      d = rotate(d, 11);
      storeBytes(to, levelsAtRandom(x, inverse, shift, word), middle);
    }
  }
  v128.store(coins, a);
  v128.store(coins, b, 16);
  v128.store(coins, c, 32);
  v128.store(coins, d, 48);
  return most;
}

/**
 * Signed levels, trunc(|x| inverse + u) but at most `top`, of input[from, from + n) to the same places of output; one coin a
 * number. from and n are multiples of 4.
 */
export function drawLevels(from: i32, n: i32, inverse: f64, top: i32): void {
  const factor = f64x2.splat(inverse);
  const most = i32x4.splat(top);
  let a = v128.load(coins);
  let b = v128.load(coins, 16);
  let c = v128.load(coins, 32);
  let d = v128.load(coins, 48);
  for (let at: usize = 4 * from, end: usize = 4 * (from + n); at < end; at += 16) {
    const word = i32x4.add(rotate(i32x4.add(a, d), 7), a);
    const t = i32x4.shl(b, 9);
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    b = v128.xor(b, c);
    a = v128.xor(a, d);
    c = v128.xor(c, t);
    d = rotate(d, 11);
    const x = v128.load(input + at);
    const sign = i32x4.shr_s(x, 31);
    const y = f32x4.abs(x);
    let low = f64x2.mul(f64x2.promote_low_f32x4(y), factor);
    let high = f64x2.mul(f64x2.promote_low_f32x4(upper(y)), factor);
    low = f64x2.add(low, lowerCoins(word));
    high = f64x2.add(high, upperCoins(word));
    low = i32x4.trunc_sat_f64x2_s_zero(low);
    high = i32x4.trunc_sat_f64x2_s_zero(high);
    const level = i32x4.min_s(i64x2.shuffle(low, high, 0, 2), most);
    v128.store(output + at, i32x4.sub(v128.xor(level, sign), sign));
  }
  v128.store(coins, a);
  v128.store(coins, b, 16);
  v128.store(coins, c, 32);
  v128.store(coins, d, 48);
}

/** Are the four magnitudes' bits at `at` not below the bound, lane by lane? */
function reaches(at: usize, mask: v128, least: v128): v128 {
  return i32x4.ge_s(v128.and(v128.load(at), mask), least);
}

/** Indices (plus base) and magnitude bits, to output and second, of numbers whose bits are not below bound. n % 16 = 0. */
export function collect(from: usize, n: i32, bound: u32, base: u32): i32 {
  const mask = i32x4.splat(0x7fffffff);
  const least = i32x4.splat(bound);
  let count: usize = 0;
  for (let i = 0; i < n; i += 16) {
    const at = from + 4 * i;
    const a = reaches(at, mask, least);
    const b = reaches(at + 16, mask, least);
    const c = reaches(at + 32, mask, least);
    const d = reaches(at + 48, mask, least);
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue;
    let hits = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
    for (; hits; hits &= hits - 1) {
      const j = i + ctz(hits);
      store<u32>(output + count, base + j);
      store<u32>(second + count, load<u32>(from + 4 * j) & 0x7fffffff);
      count += 4;
    }
  }
  return i32(count >> 2);
}

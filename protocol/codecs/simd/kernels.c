/*
 * The hottest loops of the codecs for 128-bit SIMD. Each does exactly what the plain loop beside its call does, bit for
 * bit. A caller copies up to CHUNK numbers into `input`, calls, and copies the result out; there is no allocation.
 *
 * Build (clang and lld from version 14 on), then encode with base64 into kernels.ts:
 *   clang --target=wasm32 -O3 -msimd128 -nostdlib -fno-builtin -ffp-contract=off -Wl,--no-entry -Wl,--strip-all \
 *     -Wl,-z,stack-size=4096 -o kernels.wasm kernels.c
 */
#include <wasm_simd128.h>

#define CHUNK 16384
#define EXPORT(name) __attribute__((export_name(#name)))

typedef unsigned u32;

static u32 input[CHUNK] __attribute__((aligned(16)));
static u32 output[CHUNK] __attribute__((aligned(16)));
static u32 second[CHUNK] __attribute__((aligned(16)));
static u32 coins[16] __attribute__((aligned(16)));
static double sums[8] __attribute__((aligned(16)));

EXPORT(inputAt) u32 *input_at(void) { return input; }
EXPORT(outputAt) u32 *output_at(void) { return output; }
EXPORT(secondAt) u32 *second_at(void) { return second; }
EXPORT(coinsAt) u32 *coins_at(void) { return coins; }
EXPORT(sumsAt) double *sums_at(void) { return sums; }

static u32 greatest_lane(v128_t v) {
  u32 a = wasm_u32x4_extract_lane(v, 0), b = wasm_u32x4_extract_lane(v, 1);
  u32 c = wasm_u32x4_extract_lane(v, 2), d = wasm_u32x4_extract_lane(v, 3);
  a = a > b ? a : b;
  c = c > d ? c : d;
  return a > c ? a : c;
}

/* bfloat16, nearest, ties to even. n is a multiple of 8. Returns the greatest magnitude's bits. */
EXPORT(roundToBf16) u32 round_to_bf16(int n) {
  const v128_t mask = wasm_i32x4_splat(0x7fffffff), half = wasm_i32x4_splat(0x7fff), one = wasm_i32x4_splat(1);
  v128_t greatest = wasm_i32x4_splat(0);
  unsigned short *to = (unsigned short *)output;
  for (int i = 0; i < n; i += 8) {
    v128_t a = wasm_v128_load(input + i), b = wasm_v128_load(input + i + 4);
    greatest = wasm_u32x4_max(greatest, wasm_u32x4_max(wasm_v128_and(a, mask), wasm_v128_and(b, mask)));
    a = wasm_i32x4_add(wasm_i32x4_add(a, half), wasm_v128_and(wasm_u32x4_shr(a, 16), one));
    b = wasm_i32x4_add(wasm_i32x4_add(b, half), wasm_v128_and(wasm_u32x4_shr(b, 16), one));
    wasm_v128_store(to + i, wasm_i16x8_shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15));
  }
  return greatest_lane(greatest);
}

/* Sign bits, and |x| added to eight interleaved sums. n is a multiple of 16. */
EXPORT(packSigns) void pack_signs(int n) {
  unsigned short *to = (unsigned short *)output;
  v128_t s0 = wasm_v128_load(sums), s1 = wasm_v128_load(sums + 2);
  v128_t s2 = wasm_v128_load(sums + 4), s3 = wasm_v128_load(sums + 6);
  for (int i = 0; i < n; i += 16) {
    v128_t a = wasm_v128_load(input + i), b = wasm_v128_load(input + i + 4);
    v128_t c = wasm_v128_load(input + i + 8), d = wasm_v128_load(input + i + 12);
    to[i >> 4] = wasm_i32x4_bitmask(a) | wasm_i32x4_bitmask(b) << 4 | wasm_i32x4_bitmask(c) << 8 |
                 wasm_i32x4_bitmask(d) << 12;
    a = wasm_f32x4_abs(a);
    b = wasm_f32x4_abs(b);
    c = wasm_f32x4_abs(c);
    d = wasm_f32x4_abs(d);
    s0 = wasm_f64x2_add(s0, wasm_f64x2_promote_low_f32x4(a));
    s1 = wasm_f64x2_add(s1, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(a, a, 1, 1)));
    s2 = wasm_f64x2_add(s2, wasm_f64x2_promote_low_f32x4(b));
    s3 = wasm_f64x2_add(s3, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(b, b, 1, 1)));
    s0 = wasm_f64x2_add(s0, wasm_f64x2_promote_low_f32x4(c));
    s1 = wasm_f64x2_add(s1, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(c, c, 1, 1)));
    s2 = wasm_f64x2_add(s2, wasm_f64x2_promote_low_f32x4(d));
    s3 = wasm_f64x2_add(s3, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(d, d, 1, 1)));
  }
  wasm_v128_store(sums, s0);
  wasm_v128_store(sums + 2, s1);
  wasm_v128_store(sums + 4, s2);
  wasm_v128_store(sums + 6, s3);
}

/* n numbers, each `positive` or `negative` by its bit in input. n is a multiple of 8. */
EXPORT(spreadSigns) void spread_signs(int n, float positive, float negative) {
  const unsigned char *from = (const unsigned char *)input;
  const v128_t low = wasm_i32x4_make(1, 2, 4, 8), high = wasm_i32x4_make(16, 32, 64, 128);
  const v128_t plus = wasm_f32x4_splat(positive), minus = wasm_f32x4_splat(negative);
  for (int i = 0; i < n; i += 8) {
    v128_t byte = wasm_i32x4_splat(from[i >> 3]);
    v128_t a = wasm_i32x4_eq(wasm_v128_and(byte, low), low), b = wasm_i32x4_eq(wasm_v128_and(byte, high), high);
    wasm_v128_store(output + i, wasm_v128_bitselect(minus, plus, a));
    wasm_v128_store(output + i + 4, wasm_v128_bitselect(minus, plus, b));
  }
}

/* Greatest magnitude's bits of input[from, to); both multiples of 4. */
static u32 greatest_magnitude(int from, int to) {
  const v128_t mask = wasm_i32x4_splat(0x7fffffff);
  v128_t greatest = wasm_i32x4_splat(0);
  for (int i = from; i < to; i += 4)
    greatest = wasm_u32x4_max(greatest, wasm_v128_and(wasm_v128_load(input + i), mask));
  return greatest_lane(greatest);
}

static v128_t rotate(v128_t v, int by) { return wasm_v128_or(wasm_i32x4_shl(v, by), wasm_u32x4_shr(v, 32 - by)); }

/* n coins (a multiple of 4), four generators side by side, to output. */
EXPORT(fillCoins) void fill_coins(int n) {
  v128_t a = wasm_v128_load(coins), b = wasm_v128_load(coins + 4);
  v128_t c = wasm_v128_load(coins + 8), d = wasm_v128_load(coins + 12);
  for (int i = 0; i < n; i += 4) {
    wasm_v128_store(output + i, wasm_i32x4_add(rotate(wasm_i32x4_add(a, d), 7), a));
    v128_t t = wasm_i32x4_shl(b, 9);
    c = wasm_v128_xor(c, a);
    d = wasm_v128_xor(d, b);
    b = wasm_v128_xor(b, c);
    a = wasm_v128_xor(a, d);
    c = wasm_v128_xor(c, t);
    d = rotate(d, 11);
  }
  wasm_v128_store(coins, a);
  wasm_v128_store(coins + 4, b);
  wasm_v128_store(coins + 8, c);
  wasm_v128_store(coins + 12, d);
}

/* trunc((x inverse + shift) + u), for two numbers, as 32-bit integers in the low half. */
static v128_t levels(v128_t x, v128_t inverse, v128_t shift, v128_t u) {
  v128_t z = wasm_f64x2_add(wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(x), inverse), shift);
  return wasm_i32x4_trunc_sat_f64x2_zero(wasm_f64x2_add(z, u));
}

/*
 * Eight bits, blocks of `block` numbers (a multiple of 4 that divides n), scales to second, bytes to output. With `random`,
 * rounding takes one coin a number. Returns the greatest magnitude's bits.
 */
EXPORT(quantizeInt8) u32 quantize_int8(int n, int block, int random) {
  const v128_t unit = wasm_f64x2_splat(2.3283064365386963e-10), none = wasm_f64x2_splat(0.0);
  const v128_t shift = wasm_f64x2_splat(random ? 127.0 : 128.5);
  v128_t a = wasm_v128_load(coins), b = wasm_v128_load(coins + 4);
  v128_t c = wasm_v128_load(coins + 8), d = wasm_v128_load(coins + 12);
  u32 most = 0;
  for (int from = 0, at = 0; from < n; from += block, at++) {
    u32 bits = greatest_magnitude(from, from + block);
    most = bits > most ? bits : most;
    second[at] = bits;
    double scale = *(float *)(second + at);
    const v128_t inverse = wasm_f64x2_splat(bits ? 127.0 / scale : 0.0);
    for (int i = from; i < from + block; i += 4) {
      v128_t x = wasm_v128_load(input + i), u0 = none, u1 = none;
      if (random) {
        v128_t word = wasm_i32x4_add(rotate(wasm_i32x4_add(a, d), 7), a), t = wasm_i32x4_shl(b, 9);
        c = wasm_v128_xor(c, a);
        d = wasm_v128_xor(d, b);
        b = wasm_v128_xor(b, c);
        a = wasm_v128_xor(a, d);
        c = wasm_v128_xor(c, t);
        d = rotate(d, 11);
        u0 = wasm_f64x2_mul(wasm_f64x2_convert_low_u32x4(word), unit);
        u1 = wasm_f64x2_mul(wasm_f64x2_convert_low_u32x4(wasm_i64x2_shuffle(word, word, 1, 1)), unit);
      }
      v128_t low = levels(x, inverse, shift, u0), high = levels(wasm_i64x2_shuffle(x, x, 1, 1), inverse, shift, u1);
      v128_t q = wasm_i32x4_sub(wasm_i64x2_shuffle(low, high, 0, 2), wasm_i32x4_splat(random ? 127 : 128));
      v128_t narrow = wasm_i16x8_narrow_i32x4(q, q);
      *(u32 *)((char *)output + i) = wasm_i32x4_extract_lane(wasm_i8x16_narrow_i16x8(narrow, narrow), 0);
    }
  }
  wasm_v128_store(coins, a);
  wasm_v128_store(coins + 4, b);
  wasm_v128_store(coins + 8, c);
  wasm_v128_store(coins + 12, d);
  return most;
}

/*
 * Signed levels, trunc(|x| inverse + u) but at most `top`, of input[from, from + n) to the same places of output; one coin a
 * number. from and n are multiples of 4.
 */
EXPORT(drawLevels) void draw_levels(int from, int n, double inverse, int top) {
  const v128_t unit = wasm_f64x2_splat(2.3283064365386963e-10), factor = wasm_f64x2_splat(inverse);
  const v128_t most = wasm_i32x4_splat(top);
  v128_t a = wasm_v128_load(coins), b = wasm_v128_load(coins + 4);
  v128_t c = wasm_v128_load(coins + 8), d = wasm_v128_load(coins + 12);
  for (int i = from; i < from + n; i += 4) {
    v128_t word = wasm_i32x4_add(rotate(wasm_i32x4_add(a, d), 7), a), t = wasm_i32x4_shl(b, 9);
    c = wasm_v128_xor(c, a);
    d = wasm_v128_xor(d, b);
    b = wasm_v128_xor(b, c);
    a = wasm_v128_xor(a, d);
    c = wasm_v128_xor(c, t);
    d = rotate(d, 11);
    v128_t x = wasm_v128_load(input + i), sign = wasm_i32x4_shr(x, 31), y = wasm_f32x4_abs(x);
    v128_t low = wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(y), factor);
    v128_t high = wasm_f64x2_mul(wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(y, y, 1, 1)), factor);
    v128_t more = wasm_i64x2_shuffle(word, word, 1, 1);
    low = wasm_f64x2_add(low, wasm_f64x2_mul(wasm_f64x2_convert_low_u32x4(word), unit));
    high = wasm_f64x2_add(high, wasm_f64x2_mul(wasm_f64x2_convert_low_u32x4(more), unit));
    low = wasm_i32x4_trunc_sat_f64x2_zero(low);
    high = wasm_i32x4_trunc_sat_f64x2_zero(high);
    v128_t level = wasm_i32x4_min(wasm_i64x2_shuffle(low, high, 0, 2), most);
    wasm_v128_store(output + i, wasm_i32x4_sub(wasm_v128_xor(level, sign), sign));
  }
  wasm_v128_store(coins, a);
  wasm_v128_store(coins + 4, b);
  wasm_v128_store(coins + 8, c);
  wasm_v128_store(coins + 12, d);
}

/* Indices (plus base) and magnitude bits, to output and second, of numbers whose bits are not below bound. n % 16 = 0. */
EXPORT(collect) int collect(int n, u32 bound, u32 base) {
  const v128_t mask = wasm_i32x4_splat(0x7fffffff), least = wasm_i32x4_splat(bound);
  int count = 0;
  for (int i = 0; i < n; i += 16) {
    v128_t a = wasm_i32x4_ge(wasm_v128_and(wasm_v128_load(input + i), mask), least);
    v128_t b = wasm_i32x4_ge(wasm_v128_and(wasm_v128_load(input + i + 4), mask), least);
    v128_t c = wasm_i32x4_ge(wasm_v128_and(wasm_v128_load(input + i + 8), mask), least);
    v128_t d = wasm_i32x4_ge(wasm_v128_and(wasm_v128_load(input + i + 12), mask), least);
    if (!wasm_v128_any_true(wasm_v128_or(wasm_v128_or(a, b), wasm_v128_or(c, d)))) continue;
    u32 hits = wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d)));
    for (; hits; hits &= hits - 1) {
      int j = i + __builtin_ctz(hits);
      output[count] = base + j;
      second[count++] = input[j] & 0x7fffffff;
    }
  }
  return count;
}

/* Greatest magnitude's bits; from 0x7f800000 on something is not finite. n is a multiple of 4. */
EXPORT(greatestMagnitude) u32 greatest_of_input(int n) { return greatest_magnitude(0, n); }

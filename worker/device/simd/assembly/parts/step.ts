/** weights - rate x gradient of four numbers, in float64 and rounded once. */
function stepped(w: v128, g: v128, rates: v128): v128 {
  const low = f64x2.sub(f64x2.promote_low_f32x4(w), f64x2.mul(rates, f64x2.promote_low_f32x4(g)));
  const high = f64x2.sub(upper(w), f64x2.mul(rates, upper(g)));
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

function upper(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

function steppedOne(weights: usize, gradient: usize, rate: f64): f32 {
  return <f32>(<f64>load<f32>(weights) - rate * <f64>load<f32>(gradient));
}

/** into = weights - rate x gradient. `count` numbers each. */
export function step(into: usize, weights: usize, gradient: usize, count: i32, rate: f64): void {
  const rates = f64x2.splat(rate);
  let i = 0;
  for (; i + 4 <= count; i += 4, into += 16, weights += 16, gradient += 16)
    v128.store(into, stepped(v128.load(weights), v128.load(gradient), rates));
  for (; i < count; i++, into += 4, weights += 4, gradient += 4) store<f32>(into, steppedOne(weights, gradient, rate));
}

const FACTOR: u32 = 0x01000193;

/** The first hashes of four lanes after a word each: FNV-1a. */
function first(hash: v128, words: v128): v128 {
  return i32x4.mul(v128.xor(hash, words), i32x4.splat(FACTOR));
}

/** The second ones, which take words turned by 17 bits. */
function second(hash: v128, words: v128): v128 {
  const turned = v128.or(i32x4.shl(words, 17), i32x4.shr_u(words, 15));
  return i32x4.mul(v128.xor(hash, turned), i32x4.splat(FACTOR));
}

/** The lane that comes first takes a word and comes last. */
function addWord(hash: usize, word: u32): void {
  const a = v128.load(hash);
  const b = v128.load(hash, 16);
  const words = i32x4.splat(word);
  v128.store(hash, v128.shuffle<i32>(a, first(a, words), 1, 2, 3, 4));
  v128.store(hash, v128.shuffle<i32>(b, second(b, words), 1, 2, 3, 4), 16);
}

/** The same, and the bits of `into` are added to the hashes of four lanes at `hash`, four first and four second ones. */
export function stepAndHash(into: usize, weights: usize, gradient: usize, count: i32, rate: f64, hash: usize): void {
  const rates = f64x2.splat(rate);
  let a = v128.load(hash);
  let b = v128.load(hash, 16);
  let i = 0;
  for (; i + 4 <= count; i += 4, into += 16, weights += 16, gradient += 16) {
    const value = stepped(v128.load(weights), v128.load(gradient), rates);
    v128.store(into, value);
    a = first(a, value);
    b = second(b, value);
  }
  v128.store(hash, a);
  v128.store(hash, b, 16);
  for (; i < count; i++, into += 4, weights += 4, gradient += 4) {
    store<f32>(into, steppedOne(weights, gradient, rate));
    addWord(hash, load<u32>(into));
  }
}

/** Adds the bits of `count` numbers to the hashes of four lanes at `hash`. */
export function hash(from: usize, count: i32, hash: usize): void {
  let a = v128.load(hash);
  let b = v128.load(hash, 16);
  let i = 0;
  for (; i + 4 <= count; i += 4, from += 16) {
    const words = v128.load(from);
    a = first(a, words);
    b = second(b, words);
  }
  v128.store(hash, a);
  v128.store(hash, b, 16);
  for (; i < count; i++, from += 4) addWord(hash, load<u32>(from));
}

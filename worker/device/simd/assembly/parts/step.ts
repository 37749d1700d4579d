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

/** The first hash after one more word: FNV-1a. */
function first(hash: u32, word: u32): u32 {
  return (hash ^ word) * 0x01000193;
}

/** The second one, which takes the word turned by 17 bits. */
function second(hash: u32, word: u32): u32 {
  return (hash ^ rotl<u32>(word, 17)) * 0x01000193;
}

/** The same, and the bits of `into` are added to both hashes at `hash`: their chains of multiplications leave time for the rest. */
export function stepAndHash(into: usize, weights: usize, gradient: usize, count: i32, rate: f64, hash: usize): void {
  const rates = f64x2.splat(rate);
  let a = load<u32>(hash);
  let b = load<u32>(hash, 4);
  let i = 0;
  for (; i + 4 <= count; i += 4, into += 16, weights += 16, gradient += 16) {
    const value = stepped(v128.load(weights), v128.load(gradient), rates);
    v128.store(into, value);
    let word = <u32>i32x4.extract_lane(value, 0);
    a = first(a, word);
    b = second(b, word);
    word = <u32>i32x4.extract_lane(value, 1);
    a = first(a, word);
    b = second(b, word);
    word = <u32>i32x4.extract_lane(value, 2);
    a = first(a, word);
    b = second(b, word);
    word = <u32>i32x4.extract_lane(value, 3);
    a = first(a, word);
    b = second(b, word);
  }
  for (; i < count; i++, into += 4, weights += 4, gradient += 4) {
    store<f32>(into, steppedOne(weights, gradient, rate));
    a = first(a, load<u32>(into));
    b = second(b, load<u32>(into));
  }
  store<u32>(hash, a);
  store<u32>(hash, b, 4);
}

/** Adds the bits of `count` numbers to both hashes at `hash`. */
export function hash(from: usize, count: i32, hash: usize): void {
  let a = load<u32>(hash);
  let b = load<u32>(hash, 4);
  for (let i = 0; i < count; i++, from += 4) {
    const word = load<u32>(from);
    a = first(a, word);
    b = second(b, word);
  }
  store<u32>(hash, a);
  store<u32>(hash, b, 4);
}

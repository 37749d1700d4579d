/* Two numbers side by side, as float64. T is the type in memory, f32 or f64. */

/** Two neighbouring numbers of type T as float64. */
export function pair<T>(at: usize): v128 {
  if (sizeof<T>() === 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

export function number<T>(at: usize): f64 {
  return f64(load<T>(at));
}

export function madd(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

/*
 * What a sum begins with. S is f64: with the number in memory; bool: with 0, whatever is in memory. A type, because each is then
 * compiled to loops of its own.
 */

export function sumPair<S>(at: usize): v128 {
  if (isFloat<S>()) return v128.load(at);
  return f64x2.splat(0);
}

export function sumNumber<S>(at: usize): f64 {
  if (isFloat<S>()) return load<f64>(at);
  return 0;
}

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

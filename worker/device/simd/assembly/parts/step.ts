/** into = weights - rate x gradient, in float64 and rounded once. `count` numbers each. */
export function step(into: usize, weights: usize, gradient: usize, count: i32, rate: f64): void {
  const rates = f64x2.splat(rate);
  let i = 0;
  for (; i + 4 <= count; i += 4, into += 16, weights += 16, gradient += 16) {
    const w = v128.load(weights);
    const g = v128.load(gradient);
    const low = f64x2.sub(f64x2.promote_low_f32x4(w), f64x2.mul(rates, f64x2.promote_low_f32x4(g)));
    const high = f64x2.sub(upper(w), f64x2.mul(rates, upper(g)));
    v128.store(into, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
  }
  for (; i < count; i++, into += 4, weights += 4, gradient += 4)
    store<f32>(into, <f32>(<f64>load<f32>(weights) - rate * <f64>load<f32>(gradient)));
}

function upper(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

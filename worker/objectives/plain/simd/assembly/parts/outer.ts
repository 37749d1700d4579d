import { madd } from './pairs';

function outer10(sums: usize, bases: usize, values: usize, count: i32, delta: usize): void {
  const d0 = v128.load(delta);
  const d1 = v128.load(delta, 16);
  const d2 = v128.load(delta, 32);
  const d3 = v128.load(delta, 48);
  const d4 = v128.load(delta, 64);
  for (let p = 0; p < count; p++) {
    const at = sums + 8 * load<i32>(bases + 4 * p);
    const v = v128.load64_splat(values + 8 * p);
    v128.store(at, madd(v128.load(at), v, d0));
    v128.store(at, madd(v128.load(at, 16), v, d1), 16);
    v128.store(at, madd(v128.load(at, 32), v, d2), 32);
    v128.store(at, madd(v128.load(at, 48), v, d3), 48);
    v128.store(at, madd(v128.load(at, 64), v, d4), 64);
  }
}

function outer1(sums: usize, bases: usize, values: usize, count: i32, delta: f64): void {
  for (let p = 0; p < count; p++) {
    const at = sums + 8 * load<i32>(bases + 4 * p);
    store<f64>(at, load<f64>(at) + load<f64>(values + 8 * p) * delta);
  }
}

/**
 * sums += values outer (weight delta), and weight delta at the bias. `scaled`: room for as many float64 as there are outputs.
 */
export function addOuter(
  sums: usize,
  bases: usize,
  values: usize,
  count: i32,
  delta: usize,
  outputs: i32,
  bias: i32,
  weight: f64,
  scaled: usize,
): void {
  for (let c = 0; c < outputs; c++) store<f64>(scaled + 8 * c, weight * load<f64>(delta + 8 * c));
  if (outputs === 10) outer10(sums, bases, values, count, scaled);
  else if (outputs === 1) outer1(sums, bases, values, count, load<f64>(scaled));
  else
    for (let p = 0; p < count; p++) {
      const at = sums + 8 * load<i32>(bases + 4 * p);
      const v = v128.load64_splat(values + 8 * p);
      let c: usize = 0;
      const end: usize = 8 * outputs;
      for (; c + 64 <= end; c += 64) {
        v128.store(at + c, madd(v128.load(at + c), v, v128.load(scaled + c)));
        v128.store(at + c, madd(v128.load(at + c, 16), v, v128.load(scaled + c, 16)), 16);
        v128.store(at + c, madd(v128.load(at + c, 32), v, v128.load(scaled + c, 32)), 32);
        v128.store(at + c, madd(v128.load(at + c, 48), v, v128.load(scaled + c, 48)), 48);
      }
      for (; c + 16 <= end; c += 16) v128.store(at + c, madd(v128.load(at + c), v, v128.load(scaled + c)));
      if (c < end) store<f64>(at + c, load<f64>(at + c) + f64x2.extract_lane(v, 0) * load<f64>(scaled + c));
    }
  if (bias < 0) return;
  for (let c = 0; c < outputs; c++) {
    const at = sums + 8 * (bias + c);
    store<f64>(at, load<f64>(at) + load<f64>(scaled + 8 * c));
  }
}

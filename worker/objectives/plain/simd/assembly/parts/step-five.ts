import { INPUT } from './five-rows';
import { madd, sumNumber, sumPair } from './pairs';
import { stepFrom, stepOneFrom } from './update';

/*
 * The last five rows of a batch: their outer products join the sums, and each sum becomes a step at once instead of going back to
 * memory. S is bool where there are no rows before them: what the sums hold does not count.
 */

function four<T, S>(
  sums: usize,
  params: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  share: f64,
  rate: f64,
): void {
  const stride: usize = 8 * outputs;
  const a0 = v128.load(delta);
  const a1 = v128.load(delta, 16);
  const b0 = v128.load(delta + stride);
  const b1 = v128.load(delta + stride, 16);
  const c0 = v128.load(delta + 2 * stride);
  const c1 = v128.load(delta + 2 * stride, 16);
  const d0 = v128.load(delta + 3 * stride);
  const d1 = v128.load(delta + 3 * stride, 16);
  const e0 = v128.load(delta + 4 * stride);
  const e1 = v128.load(delta + 4 * stride, 16);
  const shares = f64x2.splat(share);
  const rates = f64x2.splat(rate);
  const row: usize = sizeof<T>() * outputs;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride, params += row) {
    let v = v128.load64_splat(rows);
    let s0 = madd(sumPair<S>(sums), v, a0);
    let s1 = madd(sumPair<S>(sums + 16), v, a1);
    v = v128.load64_splat(rows, 8);
    s0 = madd(s0, v, b0);
    s1 = madd(s1, v, b1);
    v = v128.load64_splat(rows, 16);
    s0 = madd(s0, v, c0);
    s1 = madd(s1, v, c1);
    v = v128.load64_splat(rows, 24);
    s0 = madd(s0, v, d0);
    s1 = madd(s1, v, d1);
    v = v128.load64_splat(rows, 32);
    stepFrom<T>(params, madd(s0, v, e0), shares, rates);
    stepFrom<T>(params + 2 * sizeof<T>(), madd(s1, v, e1), shares, rates);
  }
}

function two<T, S>(
  sums: usize,
  params: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  share: f64,
  rate: f64,
): void {
  const stride: usize = 8 * outputs;
  const a = v128.load(delta);
  const b = v128.load(delta + stride);
  const c = v128.load(delta + 2 * stride);
  const d = v128.load(delta + 3 * stride);
  const e = v128.load(delta + 4 * stride);
  const shares = f64x2.splat(share);
  const rates = f64x2.splat(rate);
  const row: usize = sizeof<T>() * outputs;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride, params += row) {
    let sum = madd(sumPair<S>(sums), v128.load64_splat(rows), a);
    sum = madd(sum, v128.load64_splat(rows, 8), b);
    sum = madd(sum, v128.load64_splat(rows, 16), c);
    sum = madd(sum, v128.load64_splat(rows, 24), d);
    stepFrom<T>(params, madd(sum, v128.load64_splat(rows, 32), e), shares, rates);
  }
}

function one<T, S>(
  sums: usize,
  params: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  share: f64,
  rate: f64,
): void {
  const stride: usize = 8 * outputs;
  const a = load<f64>(delta);
  const b = load<f64>(delta + stride);
  const c = load<f64>(delta + 2 * stride);
  const d = load<f64>(delta + 3 * stride);
  const e = load<f64>(delta + 4 * stride);
  const row: usize = sizeof<T>() * outputs;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride, params += row) {
    let sum = sumNumber<S>(sums) + load<f64>(rows) * a;
    sum += load<f64>(rows, 8) * b;
    sum += load<f64>(rows, 16) * c;
    sum += load<f64>(rows, 24) * d;
    stepOneFrom<T>(params, sum + load<f64>(rows, 32) * e, share, rate);
  }
}

function steps<T, S>(
  sums: usize,
  params: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  bias: i32,
  share: f64,
  rate: f64,
): void {
  let c = 0;
  for (; c + 4 <= outputs; c += 4)
    four<T, S>(sums + 8 * c, params + sizeof<T>() * c, rows, features, delta + 8 * c, outputs, share, rate);
  if (c + 2 <= outputs) {
    two<T, S>(sums + 8 * c, params + sizeof<T>() * c, rows, features, delta + 8 * c, outputs, share, rate);
    c += 2;
  }
  if (c < outputs)
    one<T, S>(sums + 8 * c, params + sizeof<T>() * c, rows, features, delta + 8 * c, outputs, share, rate);
  if (bias < 0) return;
  for (c = 0; c < outputs; c++) {
    let sum = sumNumber<S>(sums + 8 * (bias + c));
    let at = delta + 8 * c;
    for (let r = 0; r < 5; r++, at += 8 * outputs) sum += load<f64>(at);
    stepOneFrom<T>(params + sizeof<T>() * (bias + c), sum, share, rate);
  }
}

/**
 * params -= rate * T(share * (sums + row r's number j times delta[r][c])), r = 0 to 4 in order, and delta[r][c] at `bias`; bias below
 * 0: none. `whole`: the sums count as 0. They stay as they are. Gives the same bits as the loops apart while all deltas are finite.
 */
export function stepFive<T>(
  sums: usize,
  params: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  bias: i32,
  whole: bool,
  share: f64,
  rate: f64,
): void {
  if (whole) steps<T, bool>(sums, params, rows, features, delta, outputs, bias, share, rate);
  else steps<T, f64>(sums, params, rows, features, delta, outputs, bias, share, rate);
}

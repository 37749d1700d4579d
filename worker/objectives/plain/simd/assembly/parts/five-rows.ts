import { madd, number, pair, sumNumber, sumPair } from './pairs';

/** Bytes of one input of all five rows, side by side as float64. */
export const INPUT: usize = 40;

/** into[j][r] = row r's number j as float64, for five rows of float32 whose addresses are at `places`. */
export function interleaveFive(into: usize, places: usize, features: i32): void {
  const a: usize = load<u32>(places);
  const b: usize = load<u32>(places, 4);
  const c: usize = load<u32>(places, 8);
  const d: usize = load<u32>(places, 12);
  const e: usize = load<u32>(places, 16);
  const bytes: usize = 4 * features;
  let j: usize = 0;
  for (; j + 8 <= bytes; j += 8, into += 2 * INPUT) {
    const va = pair<f32>(a + j);
    const vb = pair<f32>(b + j);
    const vc = pair<f32>(c + j);
    const vd = pair<f32>(d + j);
    const ve = pair<f32>(e + j);
    v128.store(into, i64x2.shuffle(va, vb, 0, 2));
    v128.store(into, i64x2.shuffle(vc, vd, 0, 2), 16);
    v128.store64_lane(into, ve, 0, 32);
    v128.store(into, i64x2.shuffle(va, vb, 1, 3), 40);
    v128.store(into, i64x2.shuffle(vc, vd, 1, 3), 56);
    v128.store64_lane(into, ve, 1, 72);
  }
  if (j === bytes) return;
  store<f64>(into, number<f32>(a + j));
  store<f64>(into, number<f32>(b + j), 8);
  store<f64>(into, number<f32>(c + j), 16);
  store<f64>(into, number<f32>(d + j), 24);
  store<f64>(into, number<f32>(e + j), 32);
}

/**
 * Ten sums at once, which fit the registers while weights are loaded first and the rows' numbers one after the other. A sum's next
 * addition waits for its last: fewer would leave the processor idle.
 */
function outputs4<T>(z: usize, stride: usize, rows: usize, features: i32, w: usize, row: usize): void {
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  let e0 = a0;
  let e1 = a0;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, w += row) {
    const w0 = pair<T>(w);
    const w1 = pair<T>(w + 2 * sizeof<T>());
    let v = v128.load64_splat(rows);
    a0 = madd(a0, v, w0);
    a1 = madd(a1, v, w1);
    v = v128.load64_splat(rows, 8);
    b0 = madd(b0, v, w0);
    b1 = madd(b1, v, w1);
    v = v128.load64_splat(rows, 16);
    c0 = madd(c0, v, w0);
    c1 = madd(c1, v, w1);
    v = v128.load64_splat(rows, 24);
    d0 = madd(d0, v, w0);
    d1 = madd(d1, v, w1);
    v = v128.load64_splat(rows, 32);
    e0 = madd(e0, v, w0);
    e1 = madd(e1, v, w1);
  }
  v128.store(z, a0);
  v128.store(z, a1, 16);
  z += stride;
  v128.store(z, b0);
  v128.store(z, b1, 16);
  z += stride;
  v128.store(z, c0);
  v128.store(z, c1, 16);
  z += stride;
  v128.store(z, d0);
  v128.store(z, d1, 16);
  z += stride;
  v128.store(z, e0);
  v128.store(z, e1, 16);
}

function outputs2<T>(z: usize, stride: usize, rows: usize, features: i32, w: usize, row: usize): void {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, w += row) {
    const w0 = pair<T>(w);
    a = madd(a, v128.load64_splat(rows), w0);
    b = madd(b, v128.load64_splat(rows, 8), w0);
    c = madd(c, v128.load64_splat(rows, 16), w0);
    d = madd(d, v128.load64_splat(rows, 24), w0);
    e = madd(e, v128.load64_splat(rows, 32), w0);
  }
  v128.store(z, a);
  v128.store(z + stride, b);
  v128.store(z + 2 * stride, c);
  v128.store(z + 3 * stride, d);
  v128.store(z + 4 * stride, e);
}

function outputs1<T>(z: usize, stride: usize, rows: usize, features: i32, w: usize, row: usize): void {
  let ab = f64x2.splat(0);
  let cd = ab;
  let e: f64 = 0;
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, w += row) {
    const weight = number<T>(w);
    const weights = f64x2.splat(weight);
    ab = madd(ab, v128.load(rows), weights);
    cd = madd(cd, v128.load(rows, 16), weights);
    e += load<f64>(rows, 32) * weight;
  }
  store<f64>(z, f64x2.extract_lane(ab, 0));
  store<f64>(z + stride, f64x2.extract_lane(ab, 1));
  store<f64>(z + 2 * stride, f64x2.extract_lane(cd, 0));
  store<f64>(z + 3 * stride, f64x2.extract_lane(cd, 1));
  store<f64>(z + 4 * stride, e);
}

/**
 * z[r][c] = sum over j of row r's number j times w[j][c], plus the number at `bias`, for five interleaved rows; bias below 0: none. No input is passed over, which gives the
 * same bits while all weights are finite.
 */
export function fiveRows<T>(z: usize, rows: usize, features: i32, w: usize, outputs: i32, bias: i32): void {
  const stride: usize = 8 * outputs;
  const row: usize = sizeof<T>() * outputs;
  let c = 0;
  // Called from two places, outputs4 stays a function of its own: inside this one, engines have no registers for all its sums.
  if (outputs >= 4) {
    outputs4<T>(z, stride, rows, features, w, row);
    for (c = 4; c + 4 <= outputs; c += 4) outputs4<T>(z + 8 * c, stride, rows, features, w + sizeof<T>() * c, row);
  }
  if (c + 2 <= outputs) {
    outputs2<T>(z + 8 * c, stride, rows, features, w + sizeof<T>() * c, row);
    c += 2;
  }
  if (c < outputs) outputs1<T>(z + 8 * c, stride, rows, features, w + sizeof<T>() * c, row);
  if (bias < 0) return;
  for (let r = 0; r < 5; r++, z += stride)
    for (c = 0; c < outputs; c++) store<f64>(z + 8 * c, load<f64>(z + 8 * c) + number<T>(w + sizeof<T>() * (bias + c)));
}

function add4<S>(sums: usize, rows: usize, features: i32, delta: usize, stride: usize): void {
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
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride) {
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
    v128.store(sums, madd(s0, v, e0));
    v128.store(sums, madd(s1, v, e1), 16);
  }
}

function add2<S>(sums: usize, rows: usize, features: i32, delta: usize, stride: usize): void {
  const a = v128.load(delta);
  const b = v128.load(delta + stride);
  const c = v128.load(delta + 2 * stride);
  const d = v128.load(delta + 3 * stride);
  const e = v128.load(delta + 4 * stride);
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride) {
    let sum = madd(sumPair<S>(sums), v128.load64_splat(rows), a);
    sum = madd(sum, v128.load64_splat(rows, 8), b);
    sum = madd(sum, v128.load64_splat(rows, 16), c);
    sum = madd(sum, v128.load64_splat(rows, 24), d);
    v128.store(sums, madd(sum, v128.load64_splat(rows, 32), e));
  }
}

function add1<S>(sums: usize, rows: usize, features: i32, delta: usize, stride: usize): void {
  const a = load<f64>(delta);
  const b = load<f64>(delta + stride);
  const c = load<f64>(delta + 2 * stride);
  const d = load<f64>(delta + 3 * stride);
  const e = load<f64>(delta + 4 * stride);
  for (const end = rows + INPUT * features; rows < end; rows += INPUT, sums += stride) {
    let sum = sumNumber<S>(sums) + load<f64>(rows) * a;
    sum += load<f64>(rows, 8) * b;
    sum += load<f64>(rows, 16) * c;
    sum += load<f64>(rows, 24) * d;
    store<f64>(sums, sum + load<f64>(rows, 32) * e);
  }
}

function add<S>(sums: usize, rows: usize, features: i32, delta: usize, outputs: i32, bias: i32): void {
  const stride: usize = 8 * outputs;
  let c = 0;
  for (; c + 4 <= outputs; c += 4) add4<S>(sums + 8 * c, rows, features, delta + 8 * c, stride);
  if (c + 2 <= outputs) {
    add2<S>(sums + 8 * c, rows, features, delta + 8 * c, stride);
    c += 2;
  }
  if (c < outputs) add1<S>(sums + 8 * c, rows, features, delta + 8 * c, stride);
  if (bias < 0) return;
  const biases = sums + 8 * bias;
  if (!isFloat<S>()) memory.fill(biases, 0, stride);
  for (let r = 0; r < 5; r++, delta += stride)
    for (c = 0; c < outputs; c++) {
      const at = biases + 8 * c;
      store<f64>(at, load<f64>(at) + load<f64>(delta + 8 * c));
    }
}

/**
 * sums[j][c] += row r's number j times delta[r][c], and delta[r][c] at `bias`, r = 0 to 4 in order; bias below 0: none. `first`: what
 * the sums hold does not count, as if it were 0. Gives the same bits while all deltas are finite.
 */
export function addFiveRows(
  sums: usize,
  rows: usize,
  features: i32,
  delta: usize,
  outputs: i32,
  bias: i32,
  first: bool,
): void {
  if (first) add<bool>(sums, rows, features, delta, outputs, bias);
  else add<f64>(sums, rows, features, delta, outputs, bias);
}

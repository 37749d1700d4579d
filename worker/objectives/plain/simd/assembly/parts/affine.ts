import { madd, number, pair } from './pairs';

function affine1<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0: f64 = 0;
  for (let p = 0; p < count; p++)
    z0 += load<f64>(values + 8 * p) * number<T>(params + sizeof<T>() * load<i32>(bases + 4 * p));
  store<f64>(z, z0);
}

function affine2<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0 = f64x2.splat(0);
  for (let p = 0; p < count; p++) {
    const w = params + sizeof<T>() * load<i32>(bases + 4 * p);
    z0 = madd(z0, v128.load64_splat(values + 8 * p), pair<T>(w));
  }
  v128.store(z, z0);
}

function affine4<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0 = f64x2.splat(0);
  let z1 = z0;
  for (let p = 0; p < count; p++) {
    const w = params + sizeof<T>() * load<i32>(bases + 4 * p);
    const v = v128.load64_splat(values + 8 * p);
    z0 = madd(z0, v, pair<T>(w));
    z1 = madd(z1, v, pair<T>(w + 2 * sizeof<T>()));
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
}

function affine8<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0 = f64x2.splat(0);
  let z1 = z0;
  let z2 = z0;
  let z3 = z0;
  for (let p = 0; p < count; p++) {
    const w = params + sizeof<T>() * load<i32>(bases + 4 * p);
    const v = v128.load64_splat(values + 8 * p);
    z0 = madd(z0, v, pair<T>(w));
    z1 = madd(z1, v, pair<T>(w + 2 * sizeof<T>()));
    z2 = madd(z2, v, pair<T>(w + 4 * sizeof<T>()));
    z3 = madd(z3, v, pair<T>(w + 6 * sizeof<T>()));
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(z, z2, 32);
  v128.store(z, z3, 48);
}

function affine10<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0 = f64x2.splat(0);
  let z1 = z0;
  let z2 = z0;
  let z3 = z0;
  let z4 = z0;
  for (let p = 0; p < count; p++) {
    const w = params + sizeof<T>() * load<i32>(bases + 4 * p);
    const v = v128.load64_splat(values + 8 * p);
    z0 = madd(z0, v, pair<T>(w));
    z1 = madd(z1, v, pair<T>(w + 2 * sizeof<T>()));
    z2 = madd(z2, v, pair<T>(w + 4 * sizeof<T>()));
    z3 = madd(z3, v, pair<T>(w + 6 * sizeof<T>()));
    z4 = madd(z4, v, pair<T>(w + 8 * sizeof<T>()));
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(z, z2, 32);
  v128.store(z, z3, 48);
  v128.store(z, z4, 64);
}

function affine16<T>(z: usize, params: usize, bases: usize, values: usize, count: i32): void {
  let z0 = f64x2.splat(0);
  let z1 = z0;
  let z2 = z0;
  let z3 = z0;
  let z4 = z0;
  let z5 = z0;
  let z6 = z0;
  let z7 = z0;
  for (let p = 0; p < count; p++) {
    const w = params + sizeof<T>() * load<i32>(bases + 4 * p);
    const v = v128.load64_splat(values + 8 * p);
    z0 = madd(z0, v, pair<T>(w));
    z1 = madd(z1, v, pair<T>(w + 2 * sizeof<T>()));
    z2 = madd(z2, v, pair<T>(w + 4 * sizeof<T>()));
    z3 = madd(z3, v, pair<T>(w + 6 * sizeof<T>()));
    z4 = madd(z4, v, pair<T>(w + 8 * sizeof<T>()));
    z5 = madd(z5, v, pair<T>(w + 10 * sizeof<T>()));
    z6 = madd(z6, v, pair<T>(w + 12 * sizeof<T>()));
    z7 = madd(z7, v, pair<T>(w + 14 * sizeof<T>()));
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(z, z2, 32);
  v128.store(z, z3, 48);
  v128.store(z, z4, 64);
  v128.store(z, z5, 80);
  v128.store(z, z6, 96);
  v128.store(z, z7, 112);
}

/** z = W^T values + bias. `bias` is where the biases begin, in numbers; below 0: none. */
export function affine<T>(
  z: usize,
  outputs: i32,
  params: usize,
  bases: usize,
  values: usize,
  count: i32,
  bias: i32,
): void {
  let c = 0;
  while (c < outputs) {
    const to = z + 8 * c;
    const from = params + sizeof<T>() * c;
    const left = outputs - c;
    if (left >= 16) {
      affine16<T>(to, from, bases, values, count);
      c += 16;
    } else if (left === 10 || left === 11) {
      affine10<T>(to, from, bases, values, count);
      c += 10;
    } else if (left >= 8) {
      affine8<T>(to, from, bases, values, count);
      c += 8;
    } else if (left >= 4) {
      affine4<T>(to, from, bases, values, count);
      c += 4;
    } else if (left >= 2) {
      affine2<T>(to, from, bases, values, count);
      c += 2;
    } else {
      affine1<T>(to, from, bases, values, count);
      c += 1;
    }
  }
  if (bias < 0) return;
  for (c = 0; c < outputs; c++)
    store<f64>(z + 8 * c, load<f64>(z + 8 * c) + number<T>(params + sizeof<T>() * (bias + c)));
}

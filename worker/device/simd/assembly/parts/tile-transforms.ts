/**
 * Transforms of Winograd's convolution by 3 x 3 with stride 1: F(4 x 4, 3 x 3) of Lavin and Gray, "Fast algorithms for convolutional neural
 * networks" (CVPR 2016). Outputs in tiles of 4 x 4 come from inputs of 6 x 6: Y = A'[(G g G') * (B' d B)] A. A transformed tile has 36
 * numbers a channel; the gradients take the transposed transforms. Four channels at a time, from places `apart` bytes from one to the next
 * into places `stride` bytes apart.
 */

/** B' of a column of six. */
export function inputTransform(to: usize, stride: usize, at: usize, apart: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const e = v128.load(at + 4 * apart);
  const f = v128.load(at + 5 * apart);
  const four = f32x4.splat(4);
  const two = f32x4.splat(2);
  const db = f32x4.sub(d, f32x4.mul(four, b));
  const ec = f32x4.sub(e, f32x4.mul(four, c));
  const twoDb = f32x4.mul(two, f32x4.sub(d, b));
  const eMinusC = f32x4.sub(e, c);
  const five = f32x4.splat(5);
  v128.store(to, f32x4.add(f32x4.sub(f32x4.mul(four, a), f32x4.mul(five, c)), e));
  v128.store(to + stride, f32x4.add(ec, db));
  v128.store(to + 2 * stride, f32x4.sub(ec, db));
  v128.store(to + 3 * stride, f32x4.add(eMinusC, twoDb));
  v128.store(to + 4 * stride, f32x4.sub(eMinusC, twoDb));
  v128.store(to + 5 * stride, f32x4.add(f32x4.sub(f32x4.mul(four, b), f32x4.mul(five, d)), f));
}

function put(to: usize, value: v128, adds: bool): void {
  v128.store(to, adds ? f32x4.add(v128.load(to), value) : value);
}

/** B of a column of six: the transposed of `inputTransform`. `adds`: to what is there. */
export function inputGradient(to: usize, stride: usize, at: usize, apart: usize, adds: bool): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const e = v128.load(at + 4 * apart);
  const f = v128.load(at + 5 * apart);
  const four = f32x4.splat(4);
  const two = f32x4.splat(2);
  const five = f32x4.splat(5);
  const bc = f32x4.add(b, c);
  const de = f32x4.add(d, e);
  const bMinusC = f32x4.sub(b, c);
  const twoDMinusE = f32x4.mul(two, f32x4.sub(d, e));
  put(to, f32x4.mul(four, a), adds);
  put(to + stride, f32x4.sub(f32x4.mul(four, f32x4.sub(f, bMinusC)), twoDMinusE), adds);
  put(to + 2 * stride, f32x4.sub(f32x4.sub(f32x4.mul(f32x4.splat(-5), a), f32x4.mul(four, bc)), de), adds);
  put(to + 3 * stride, f32x4.sub(f32x4.add(bMinusC, twoDMinusE), f32x4.mul(five, f)), adds);
  put(to + 4 * stride, f32x4.add(a, f32x4.add(bc, de)), adds);
  put(to + 5 * stride, f, adds);
}

function finished(value: v128, offset: v128, relu: bool): v128 {
  const sum = f32x4.add(value, offset);
  return relu ? f32x4.max(sum, f32x4.splat(0)) : sum;
}

/** A' of a column of six: four. */
export function outputTransform(to: usize, stride: usize, at: usize, apart: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const e = v128.load(at + 4 * apart);
  const f = v128.load(at + 5 * apart);
  const bc = f32x4.add(b, c);
  const de = f32x4.add(d, e);
  const bMinusC = f32x4.sub(b, c);
  const dMinusE = f32x4.sub(d, e);
  v128.store(to, f32x4.add(f32x4.add(a, bc), de));
  v128.store(to + stride, f32x4.add(bMinusC, f32x4.mul(f32x4.splat(2), dMinusE)));
  v128.store(to + 2 * stride, f32x4.add(bc, f32x4.mul(f32x4.splat(4), de)));
  v128.store(to + 3 * stride, f32x4.add(f32x4.add(bMinusC, f32x4.mul(f32x4.splat(8), dMinusE)), f));
}

/** The same of the other side, which leaves outputs: `offset` is added, and relu taken. */
export function lastTransform(to: usize, stride: usize, at: usize, apart: usize, offset: v128, relu: bool): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const e = v128.load(at + 4 * apart);
  const f = v128.load(at + 5 * apart);
  const bc = f32x4.add(b, c);
  const de = f32x4.add(d, e);
  const bMinusC = f32x4.sub(b, c);
  const dMinusE = f32x4.sub(d, e);
  v128.store(to, finished(f32x4.add(f32x4.add(a, bc), de), offset, relu));
  v128.store(to + stride, finished(f32x4.add(bMinusC, f32x4.mul(f32x4.splat(2), dMinusE)), offset, relu));
  v128.store(to + 2 * stride, finished(f32x4.add(bc, f32x4.mul(f32x4.splat(4), de)), offset, relu));
  v128.store(
    to + 3 * stride,
    finished(f32x4.add(f32x4.add(bMinusC, f32x4.mul(f32x4.splat(8), dMinusE)), f), offset, relu),
  );
}

/** A of a column of four: six. */
export function outputGradient(to: usize, stride: usize, at: usize, apart: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const four = f32x4.splat(4);
  const two = f32x4.splat(2);
  const ac = f32x4.add(a, c);
  const bd = f32x4.add(b, d);
  const a4c = f32x4.add(a, f32x4.mul(four, c));
  const b4d = f32x4.mul(two, f32x4.add(b, f32x4.mul(four, d)));
  v128.store(to, a);
  v128.store(to + stride, f32x4.add(ac, bd));
  v128.store(to + 2 * stride, f32x4.sub(ac, bd));
  v128.store(to + 3 * stride, f32x4.add(a4c, b4d));
  v128.store(to + 4 * stride, f32x4.sub(a4c, b4d));
  v128.store(to + 5 * stride, d);
}

/** G of a column of three: six. */
export function filterTransform(to: usize, stride: usize, at: usize, apart: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const sixth = f32x4.splat(<f32>(-1.0 / 6.0));
  const ac = f32x4.add(a, c);
  const wide = f32x4.add(f32x4.mul(f32x4.splat(<f32>(1.0 / 24.0)), a), f32x4.mul(f32x4.splat(<f32>(1.0 / 6.0)), c));
  const half = f32x4.mul(f32x4.splat(<f32>(1.0 / 12.0)), b);
  v128.store(to, f32x4.mul(f32x4.splat(0.25), a));
  v128.store(to + stride, f32x4.mul(sixth, f32x4.add(ac, b)));
  v128.store(to + 2 * stride, f32x4.mul(sixth, f32x4.sub(ac, b)));
  v128.store(to + 3 * stride, f32x4.add(wide, half));
  v128.store(to + 4 * stride, f32x4.sub(wide, half));
  v128.store(to + 5 * stride, c);
}

/** G' of a column of six: three. */
export function filterGradient(to: usize, stride: usize, at: usize, apart: usize): void {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const e = v128.load(at + 4 * apart);
  const f = v128.load(at + 5 * apart);
  const sixth = f32x4.splat(<f32>(1.0 / 6.0));
  const bc = f32x4.add(b, c);
  const de = f32x4.add(d, e);
  const quarter = f32x4.mul(f32x4.splat(0.25), a);
  v128.store(to, f32x4.add(f32x4.sub(quarter, f32x4.mul(sixth, bc)), f32x4.mul(f32x4.splat(<f32>(1.0 / 24.0)), de)));
  v128.store(
    to + stride,
    f32x4.add(f32x4.mul(sixth, f32x4.sub(c, b)), f32x4.mul(f32x4.splat(<f32>(1.0 / 12.0)), f32x4.sub(d, e))),
  );
  v128.store(to + 2 * stride, f32x4.add(f32x4.mul(sixth, f32x4.sub(de, bc)), f));
}

/** Rows that are summed before their sum is added to the others': the rounding errors of long columns stay small. */
const BLOCK: i32 = 256;

/** Adds to sums [columns] those of a matrix [rows, columns], from the first row to the last. */
function addBlock(sums: usize, matrix: usize, rows: i32, columns: i32): void {
  const stride = (<usize>columns) << 2;
  let j = 0;
  for (; j + 16 <= columns; j += 16, matrix += 64, sums += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i = 0, at = matrix; i < rows; i++, at += stride) {
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32));
      d = f32x4.add(d, v128.load(at, 48));
    }
    v128.store(sums, f32x4.add(v128.load(sums), a));
    v128.store(sums, f32x4.add(v128.load(sums, 16), b), 16);
    v128.store(sums, f32x4.add(v128.load(sums, 32), c), 32);
    v128.store(sums, f32x4.add(v128.load(sums, 48), d), 48);
  }
  for (; j + 4 <= columns; j += 4, matrix += 16, sums += 16) {
    let a = f32x4.splat(0);
    for (let i = 0, at = matrix; i < rows; i++, at += stride) a = f32x4.add(a, v128.load(at));
    v128.store(sums, f32x4.add(v128.load(sums), a));
  }
  for (; j < columns; j++, matrix += 4, sums += 4) {
    let a: f32 = 0;
    for (let i = 0, at = matrix; i < rows; i++, at += stride) a += load<f32>(at);
    store<f32>(sums, load<f32>(sums) + a);
  }
}

/** sums [columns] of a matrix [rows, columns]. */
export function columnSums(sums: usize, matrix: usize, rows: i32, columns: i32): void {
  memory.fill(sums, 0, (<usize>columns) << 2);
  for (let i = 0; i < rows; i += BLOCK)
    addBlock(sums, matrix + ((<usize>i * <usize>columns) << 2), min(BLOCK, rows - i), columns);
}

/** into = derivatives by max(0, .) times its slope, from its values. `count` numbers each. */
export function reluGradient(into: usize, derivatives: usize, values: usize, count: i32): void {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let i = 0;
  for (; i + 4 <= count; i += 4, into += 16, derivatives += 16, values += 16) {
    const value = v128.load(values);
    // What is no number has no number for its slope: all bits of a lane.
    const slope = v128.or(v128.and(f32x4.gt(value, zero), one), f32x4.ne(value, value));
    v128.store(into, f32x4.mul(v128.load(derivatives), slope));
  }
  for (; i < count; i++, into += 4, derivatives += 4, values += 4) {
    const value = load<f32>(values);
    const slope: f32 = value > 0 ? 1 : value === value ? 0 : f32.NaN;
    store<f32>(into, load<f32>(derivatives) * slope);
  }
}

/** Adds a bias to the columns of a matrix [rows, columns] (0: none), and takes max(0, .) of it if `relu`. */
export function addBias(matrix: usize, rows: i32, columns: i32, bias: usize, relu: bool): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j + 4 <= columns; j += 4, matrix += 16) {
      let value = v128.load(matrix);
      if (bias) value = f32x4.add(value, v128.load(bias + ((<usize>j) << 2)));
      v128.store(matrix, relu ? f32x4.max(value, zero) : value);
    }
    for (; j < columns; j++, matrix += 4) {
      let value = load<f32>(matrix);
      if (bias) value += load<f32>(bias + ((<usize>j) << 2));
      store<f32>(matrix, relu ? max<f32>(value, 0) : value);
    }
  }
}

/** Floats of an operand laid out in the order in which `multiply` reads them. Strides are in bytes. */

/** Columns of a panel of B. */
export const PANEL: i32 = 16;

function transposeInto(to: usize, step: usize, from: usize, stride: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/** `count` matrices [rows, columns] as [columns, rows]; both multiples of four. */
export function transposeAll(to: usize, from: usize, count: i32, rows: i32, columns: i32): void {
  const wide = (<usize>columns) << 2;
  const high = (<usize>rows) << 2;
  const size = <usize>rows * wide;
  for (let n = 0; n < count; n++, from += size, to += size)
    for (let i: usize = 0; i < high; i += 16)
      for (let j: usize = 0; j < wide; j += 16)
        transposeInto(to + (j >> 2) * high + i, high, from + (i >> 2) * wide + j, wide);
}

/**
 * `columns` (at most 16) columns of B [depth, ...], row by row, filled up with zeros to 16. `rowStride`: between rows of B,
 * `columnStride`: between its columns; one of them is 4.
 */
export function packColumns(
  to: usize,
  from: usize,
  rowStride: usize,
  columnStride: usize,
  depth: i32,
  columns: i32,
): void {
  const width: usize = PANEL * 4;
  const zero = f32x4.splat(0);
  if (columns < PANEL) for (let p: usize = 0, end = <usize>depth * width; p < end; p += 16) v128.store(to + p, zero);
  if (columnStride === 4) {
    for (let p = 0; p < depth; p++, to += width, from += rowStride) {
      if (columns === PANEL) {
        v128.store(to, v128.load(from));
        v128.store(to, v128.load(from, 16), 16);
        v128.store(to, v128.load(from, 32), 32);
        v128.store(to, v128.load(from, 48), 48);
      } else for (let j = 0; j < columns; j++) store<f32>(to + ((<usize>j) << 2), load<f32>(from + ((<usize>j) << 2)));
    }
    return;
  }
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    let into = to + ((<usize>j) << 2);
    let at = from + <usize>j * columnStride;
    let p = 0;
    for (; p + 4 <= depth; p += 4, into += 4 * width, at += 16) transposeInto(into, width, at, columnStride);
    for (; p < depth; p++, into += width, at += 4)
      for (let q = 0; q < 4; q++) store<f32>(into + ((<usize>q) << 2), load<f32>(at + <usize>q * columnStride));
  }
  for (; j < columns; j++) {
    let into = to + ((<usize>j) << 2);
    let at = from + <usize>j * columnStride;
    for (let p = 0; p < depth; p++, into += width, at += 4) store<f32>(into, load<f32>(at));
  }
}

/** `rows` rows of A [..., depth] in pairs: both numbers of a pair one after the other, depth by depth; an odd last row is paired with zeros. */
export function packRows(to: usize, from: usize, rowStride: usize, columnStride: usize, depth: i32, rows: i32): void {
  const pair = (<usize>depth) << 3;
  let i = 0;
  for (; i + 2 <= rows; i += 2, to += pair) {
    let at = from + <usize>i * rowStride;
    let into = to;
    if (rowStride === 4) {
      for (let p = 0; p < depth; p++, into += 8, at += columnStride) store<u64>(into, load<u64>(at));
      continue;
    }
    let p = 0;
    for (; p + 4 <= depth; p += 4, into += 32, at += 16) {
      const a = v128.load(at);
      const b = v128.load(at + rowStride);
      v128.store(into, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
      v128.store(into, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    }
    for (; p < depth; p++, into += 8, at += 4) {
      store<f32>(into, load<f32>(at));
      store<f32>(into, load<f32>(at + rowStride), 4);
    }
  }
  if (i < rows) {
    let at = from + <usize>i * rowStride;
    for (let p = 0; p < depth; p++, to += 8, at += columnStride) {
      store<f32>(to, load<f32>(at));
      store<f32>(to, 0, 4);
    }
  }
}

import { PANEL, packColumns, packRows } from './packing';
import { narrowTile, tile } from './tiles';

/** Steps of a sum that are taken before it is added to the output: a panel of B then stays in the nearest cache. */
const DEPTH: i32 = 256;
/** Rows of A that are packed at once. */
const ROWS: i32 = 128;
const NARROW: i32 = 8;
/** Rows below which B is not packed. */
const FEW: i32 = 12;
/** Numbers of an operand that the nearest cache holds beside a panel. */
const NEAR: i32 = 4096;

/** Bytes that `multiply` needs for its packed operands. */
export function scratchBytes(depth: i32, columns: i32): i32 {
  const deep = min(depth, DEPTH);
  const panels = (columns + PANEL - 1) / PANEL;
  return 4 * deep * (panels * PANEL + ROWS) + 256;
}

/** Adds sums of a tile to a row of C, or begins it (`first`); then its bias (0: none) and max(0, .). */
function finish(c: usize, sums: usize, columns: i32, first: bool, bias: usize, relu: bool): void {
  const zero = f32x4.splat(0);
  let j = 0;
  for (; j + 4 <= columns; j += 4, c += 16, sums += 16) {
    let sum = v128.load(sums);
    if (!first) sum = f32x4.add(v128.load(c), sum);
    if (bias) sum = f32x4.add(sum, v128.load(bias + ((<usize>j) << 2)));
    if (relu) sum = f32x4.max(sum, zero);
    v128.store(c, sum);
  }
  for (; j < columns; j++, c += 4, sums += 4) {
    let sum = load<f32>(sums);
    if (!first) sum = load<f32>(c) + sum;
    if (bias) sum += load<f32>(bias + ((<usize>j) << 2));
    store<f32>(c, relu ? max<f32>(sum, 0) : sum);
  }
}

/** `rows` rows of C from one panel of B. Rows of A in pairs: the second of a pair `apart` from the first, the next pair `pair` on. */
function multiplyPanel(
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  a: usize,
  apart: usize,
  pair: usize,
  step: usize,
  panel: usize,
  line: usize,
  depth: i32,
  first: bool,
  bias: usize,
  relu: bool,
  sums: usize,
): void {
  if (columns <= NARROW) {
    for (let r = 0; r < rows; r += 4, a += 2 * pair) {
      const some = min(4, rows - r);
      const y = some > 1 ? a + apart : a;
      const z = some > 2 ? a + pair : a;
      const u = some > 3 ? a + pair + apart : a;
      narrowTile(sums, a, y, z, u, step, panel, depth);
      for (let q = 0; q < some; q++, c += cRow) finish(c, sums + ((<usize>q) << 5), columns, first, bias, relu);
    }
    return;
  }
  const isPlain = columns === PANEL && first && !bias && !relu;
  for (let r = 0; r < rows; r += 2, a += pair, c += 2 * cRow) {
    const isPair = r + 1 < rows;
    const y = isPair ? a + apart : a;
    if (isPlain && isPair) {
      tile(c, c + cRow, a, y, step, panel, line, depth);
      continue;
    }
    tile(sums, sums + 64, a, y, step, panel, line, depth);
    finish(c, sums, columns, first, bias, relu);
    if (isPair) finish(c + cRow, sums + 64, columns, first, bias, relu);
  }
}

/**
 * C [rows, columns] = A [rows, depth] times B [depth, columns] (+ bias by column), max(0, .) of it if `relu`; `adds`: added to C.
 * Strides of A and B are in bytes, of rows and of columns; one of the two is 4. C is contiguous.
 */
export function multiply(
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  c: usize,
  rows: i32,
  columns: i32,
  depth: i32,
  bias: usize,
  relu: bool,
  adds: bool,
  scratch: usize,
): void {
  const sums = (scratch + 15) & ~15;
  const panels = sums + 128;
  const packed = panels + <usize>(4 * min(depth, DEPTH) * ((columns + PANEL - 1) / PANEL) * PANEL);
  const cRow = (<usize>columns) << 2;
  let k = 0;
  do {
    const deep = min(DEPTH, depth - k);
    const last = k + deep >= depth;
    const first = k === 0 && !adds;
    // Few rows read B a few times only, and a small B is in the nearest cache: where it lies in whole panels.
    const isDirect = (rows <= FEW || deep * columns <= NEAR) && bColumn === 4 && columns % PANEL === 0;
    // One block of rows takes each panel once: packed just before, it is in the nearest cache.
    const isShared = rows > ROWS && !isDirect;
    const from = b + <usize>k * bRow;
    const panelBytes = <usize>(deep * PANEL * 4);
    if (isShared)
      for (let j = 0, to = panels; j < columns; j += PANEL, to += panelBytes)
        packColumns(to, from + <usize>j * bColumn, bRow, bColumn, deep, min(PANEL, columns - j));
    for (let i = 0; i < rows; i += ROWS) {
      const some = min(ROWS, rows - i);
      let at = a + <usize>i * aRow + <usize>k * aColumn;
      let apart = aRow;
      let pair: usize = 2 * aRow;
      let step = aColumn;
      // One panel reads A once, and what the nearest cache holds is read as fast as it lies: neither gains from being packed.
      if (columns > PANEL && some * deep > NEAR) {
        packRows(packed, at, aRow, aColumn, deep, some);
        at = packed;
        apart = 4;
        pair = (<usize>deep) << 3;
        step = 8;
      }
      for (let j = 0, panel = panels; j < columns; j += PANEL) {
        const wide = min(PANEL, columns - j);
        const source = from + <usize>j * bColumn;
        if (!isShared && !isDirect) packColumns(panels, source, bRow, bColumn, deep, wide);
        multiplyPanel(
          c + <usize>i * cRow + ((<usize>j) << 2),
          cRow,
          some,
          wide,
          at,
          apart,
          pair,
          step,
          isDirect ? source : panel,
          isDirect ? bRow : PANEL * 4,
          deep,
          first,
          last && bias ? bias + ((<usize>j) << 2) : 0,
          relu && last,
          sums,
        );
        if (isShared) panel += panelBytes;
      }
    }
    k += deep;
  } while (k < depth);
}

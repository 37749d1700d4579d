import type { Padding } from '../parts/operations.js';

/** Products of matrices that lie one after the other: each [rows, inner] by [inner, columns]. */
export interface ProductShape {
  readonly count: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Adds a b to `into`. `transposedA`: a is [inner, rows]; `transposedB`: b is [columns, inner]. Sums are in order of the inner axis. */
export function addProduct(
  into: Float64Array,
  a: Float64Array,
  b: Float64Array,
  { count, rows, inner, columns }: ProductShape,
  transposedA = false,
  transposedB = false,
): void {
  for (let n = 0; n < count; n++) {
    const [atA, atB, atInto] = [n * rows * inner, n * inner * columns, n * rows * columns];
    for (let i = 0; i < rows; i++)
      for (let p = 0; p < inner; p++) {
        const factor = a[atA + (transposedA ? p * rows + i : i * inner + p)]!;
        for (let j = 0; j < columns; j++)
          into[atInto + i * columns + j]! += factor * b[atB + (transposedB ? j * inner + p : p * columns + j)]!;
      }
  }
}

/** Windows of images [count, height, width, …] and where they stand. */
export interface Windows {
  readonly image: readonly number[];
  readonly size: readonly [number, number];
  readonly stride: number;
  readonly padding: Padding;
}

function sideOf(length: number, size: number, stride: number, padding: Padding) {
  const outputs = padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1;
  const outside = padding === 'same' ? Math.max(0, (outputs - 1) * stride + size - length) : 0;
  return { outputs, before: Math.floor(outside / 2) };
}

export function windowsAlong({ image, size, stride, padding }: Windows): readonly [number, number] {
  const [, height, width] = image;
  return [sideOf(height!, size[0], stride, padding).outputs, sideOf(width!, size[1], stride, padding).outputs];
}

/** Every place of every window that lies in the image: the window's number, the place in it, and the pixel. */
export function eachPlace(windows: Windows, visit: (window: number, place: number, pixel: number) => void): void {
  const { image, size, stride, padding } = windows;
  const [count, height, width] = image as readonly [number, number, number];
  const [rows, columns] = [sideOf(height, size[0], stride, padding), sideOf(width, size[1], stride, padding)];
  let window = 0;
  for (let n = 0; n < count; n++)
    for (let r = 0; r < rows.outputs; r++)
      for (let c = 0; c < columns.outputs; c++, window++)
        for (let i = 0; i < size[0]; i++)
          for (let j = 0; j < size[1]; j++) {
            const [y, x] = [r * stride + i - rows.before, c * stride + j - columns.before];
            if (y < 0 || x < 0 || y >= height || x >= width) continue;
            visit(window, i * size[1] + j, (n * height + y) * width + x);
          }
}

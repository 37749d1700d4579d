import { multipliedBytes } from './simd/pixel-pieces.js';

/** For output cell o: input cells from[o] ... and the share of the output cell each covers. Shares sum to 1. */
interface Cover {
  readonly from: number;
  readonly shares: Float64Array;
}

/** Output cell o of `to` covers [o r, (o + 1) r) of the input line, r = from / to; a split input cell counts by its part. */
function covers(from: number, to: number): Cover[] {
  return Array.from({ length: to }, (_, o) => {
    // In units of 1 / to of an input cell, so that every end is an integer.
    const start = o * from;
    const end = start + from;
    const first = Math.floor(start / to);
    const last = Math.ceil(end / to);
    const shares = Float64Array.from({ length: last - first }, (_, i) => {
      const cell = (first + i) * to;
      return (Math.min(end, cell + to) - Math.max(start, cell)) / from;
    });
    return { from: first, shares };
  });
}

/**
 * Area-weighted average pooling of grey images of height x width bytes to size x size: every output pixel is the mean of
 * the input over the rectangle it covers (28 -> 14: plain 2 x 2 means; 28 -> 8: 3.5 x 3.5, split pixels weighted by area).
 * The image mean is kept exactly up to rounding. `chosen`: which images, in this order. Result: chosen.length x size x
 * size values, input units times `factor`.
 */
export function poolImages(
  bytes: Uint8Array,
  height: number,
  width: number,
  size: readonly [number, number],
  chosen: Uint32Array,
  factor: number,
): Float32Array {
  const [outHeight, outWidth] = size;
  const result = new Float32Array(chosen.length * outHeight * outWidth);
  if (outHeight === height && outWidth === width) {
    scaleImages(bytes, height * width, chosen, factor, result);
    return result;
  }
  if (height === 2 * outHeight && width === 2 * outWidth) {
    halve(bytes, height, width, chosen, factor, result);
    return result;
  }
  const rows = covers(height, outHeight);
  const columns = covers(width, outWidth);
  const line = new Float64Array(width);
  let out = 0;
  for (let c = 0; c < chosen.length; c++) {
    const image = chosen[c]! * height * width;
    for (let r = 0; r < outHeight; r++) {
      const row = rows[r]!;
      line.fill(0);
      for (let i = 0; i < row.shares.length; i++) {
        const share = row.shares[i]!;
        const offset = image + (row.from + i) * width;
        for (let x = 0; x < width; x++) line[x] = line[x]! + share * bytes[offset + x]!;
      }
      for (let k = 0; k < outWidth; k++) {
        const column = columns[k]!;
        let sum = 0;
        for (let i = 0; i < column.shares.length; i++) sum += column.shares[i]! * line[column.from + i]!;
        result[out++] = sum * factor;
      }
    }
  }
  return result;
}

/** Bytes times the factor. Images that lie one after the other, as those of a whole file do, are taken at once. */
function scaleImages(
  bytes: Uint8Array,
  pixels: number,
  chosen: Uint32Array,
  factor: number,
  result: Float32Array,
): void {
  for (let first = 0, end = 0; first < chosen.length; first = end) {
    for (end = first + 1; end < chosen.length && chosen[end] === chosen[end - 1]! + 1; end++);
    const start = chosen[first]! * pixels;
    const images = bytes.subarray(start, start + (end - first) * pixels);
    const numbers = result.subarray(first * pixels, end * pixels);
    for (let i = multipliedBytes(images, factor, numbers); i < images.length; i++) numbers[i] = images[i]! * factor;
  }
}

/** Means of 2 x 2 pixels: halves and quarters of bytes are exact, so that these are the bits of the general sum. */
function halve(
  bytes: Uint8Array,
  height: number,
  width: number,
  chosen: Uint32Array,
  factor: number,
  result: Float32Array,
): void {
  let out = 0;
  for (let c = 0; c < chosen.length; c++) {
    const image = chosen[c]! * height * width;
    for (let y = 0; y < height; y += 2)
      for (let above = image + y * width, end = above + width; above < end; above += 2) {
        const below = above + width;
        result[out++] = (bytes[above]! + bytes[above + 1]! + bytes[below]! + bytes[below + 1]!) * 0.25 * factor;
      }
  }
}

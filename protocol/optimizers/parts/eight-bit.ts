import type { ReadonlyVector, Vector } from '../../method.js';

/** Numbers that share one scale. */
export const BLOCK_LENGTH = 2048;
/** Smallest scale, so that a block of zeros divides by something. */
const SMALLEST_SCALE = 1e-12;

/** Sizes from about 1e-7 to 1 with a relative precision that falls with the size. Ascending, 256 entries. */
export type DynamicMap = Float64Array;

function dynamicMap(signed: boolean): DynamicMap {
  const sizes: number[] = [];
  for (let i = 0; i <= 6; i++) {
    const count = 1 << (signed ? i : i + 1);
    let magnitude = 1;
    for (let power = i; power < 6; power++) magnitude /= 10;
    // Midpoints of a uniform grid on [0.1, 1].
    for (let k = 0; k < count; k++) sizes.push((0.1 + (0.9 * (k + 0.5)) / count) * magnitude);
  }
  return Float64Array.from([...(signed ? sizes.map((size) => -size) : []), 0, ...sizes, 1]).sort();
}

/** For running means: both signs. The largest magnitudes are +1 and -0.99296875. */
export const signedMap: DynamicMap = dynamicMap(true);
/** For running squares. */
export const unsignedMap: DynamicMap = dynamicMap(false);

/** Index of the entry nearest to `value`; the lower one where two are equally near. */
export function nearestCode(map: DynamicMap, value: number): number {
  let low = 0;
  let high = map.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= 0.5 * (map[middle]! + map[middle + 1]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A vector in 8 bits a number and a float32 scale a block: 1.002 bytes a number. */
export interface Blocks {
  readonly codes: Uint8Array;
  /** Largest magnitude of each block. */
  readonly scales: Float32Array;
}

/** Block-wise: one outlier costs precision in its own block alone. */
export function quantizeBlocks(values: ReadonlyVector, map: DynamicMap): Blocks {
  const codes = new Uint8Array(values.length);
  const scales = new Float32Array(Math.ceil(values.length / BLOCK_LENGTH));
  for (let block = 0; block < scales.length; block++) {
    const start = block * BLOCK_LENGTH;
    const end = Math.min(values.length, start + BLOCK_LENGTH);
    let largest = SMALLEST_SCALE;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(values[i]!));
    scales[block] = largest;
    // The scale as it will be read back, not as it was found.
    const scale = scales[block]!;
    for (let i = start; i < end; i++) codes[i] = nearestCode(map, values[i]! / scale);
  }
  return { codes, scales };
}

/** Writes the numbers that the codes stand for. */
export function dequantizeBlocks({ codes, scales }: Blocks, map: DynamicMap, into: Vector): void {
  for (let i = 0; i < codes.length; i++) into[i] = map[codes[i]!]! * scales[Math.floor(i / BLOCK_LENGTH)]!;
}

import type { ReadonlyVector } from '../../method.js';
import { expectScale, floatsAt, largestMagnitude, notFinite, scaleUp } from './body.js';

/** One float32 scale for every block of consecutive entries, in front of the body: 4 ceil(d / block) bytes. */
export function scaleBytes(length: number, block: number): number {
  return 4 * Math.ceil(length / block);
}

/** Scales of all blocks: the results of `measure`, rounded up to float32. Refuses entries that are not finite. */
export function blockScales(
  codec: string,
  value: ReadonlyVector,
  block: number,
  measure: (value: ReadonlyVector, from: number, to: number) => number = largestMagnitude,
): Float32Array {
  const scales = new Float32Array(Math.ceil(value.length / block));
  fillScales(codec, value, block, measure, scales, 0);
  return scales;
}

/** The same from block `first` on. */
export function fillScales(
  codec: string,
  value: ReadonlyVector,
  block: number,
  measure: (value: ReadonlyVector, from: number, to: number) => number,
  scales: Float32Array,
  first: number,
): void {
  for (let b = first; b < scales.length; b++) {
    const from = b * block;
    const scale = measure(value, from, Math.min(value.length, from + block));
    if (!Number.isFinite(scale)) notFinite(codec, `an entry from ${from} on is not finite, or too large for its block`);
    scales[b] = scaleUp(codec, scale);
  }
}

export function readScales(codec: string, body: Uint8Array, length: number, block: number): Float32Array {
  const scales = floatsAt(body, 0, scaleBytes(length, block));
  for (let b = 0; b < scales.length; b++) expectScale(codec, scales[b]!);
  return scales;
}

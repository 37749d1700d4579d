import type { ReadonlyVector, Vector } from '../method.js';

/** Numbers whose exponent bits are all ones are not finite: one more in the exponent's last place sets the sign. */
export function allFinite(vector: ReadonlyVector): boolean {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = vector as Vector;
  const words = new Int32Array(buffer, byteOffset, byteLength >>> 2);
  return BYTES_PER_ELEMENT === 8
    ? noneIsFull(words, 1, 2, 0x7ff00000, 0x00100000)
    : noneIsFull(words, 0, 1, 0x7f800000, 0x00800000);
}

/** Of the words from `first` on, `step` apart. Two results, so that the processor need not wait for one of them. */
function noneIsFull(words: Int32Array, first: number, step: number, exponent: number, lowest: number): boolean {
  const { length } = words;
  let a = 0;
  let b = 0;
  let i = first;
  for (; i + step < length; i += 2 * step) {
    a |= (words[i]! & exponent) + lowest;
    b |= (words[i + step]! & exponent) + lowest;
  }
  for (; i < length; i += step) a |= (words[i]! & exponent) + lowest;
  return (a | b) >= 0;
}

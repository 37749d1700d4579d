import type { ReadonlyVector, Vector } from '../method.js';
import { finiteBytes } from './simd/finite-pieces.js';

/** Numbers whose exponent bits are all ones are not finite: one more in the exponent's last place sets the sign. */
export function allFinite(vector: ReadonlyVector): boolean {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = vector as Vector;
  const isWide = BYTES_PER_ELEMENT === 8;
  const before = finiteBytes(new Uint8Array(buffer, byteOffset, byteLength), isWide);
  if (before === null) return false;
  const words = new Int32Array(buffer, byteOffset + before, (byteLength - before) >>> 2);
  return isWide ? upperWordsFinite(words) : wordsFinite(words);
}

const EXPONENT = 0x7f800000;
const LOWEST = 0x00800000;

/** Eight at a time into two results, so that the processor need not wait for one of them. */
function wordsFinite(words: Int32Array): boolean {
  const { length } = words;
  let a = 0;
  let b = 0;
  let i = 0;
  for (; i + 7 < length; i += 8) {
    a |= ((words[i]! & EXPONENT) + LOWEST) | ((words[i + 1]! & EXPONENT) + LOWEST);
    b |= ((words[i + 2]! & EXPONENT) + LOWEST) | ((words[i + 3]! & EXPONENT) + LOWEST);
    a |= ((words[i + 4]! & EXPONENT) + LOWEST) | ((words[i + 5]! & EXPONENT) + LOWEST);
    b |= ((words[i + 6]! & EXPONENT) + LOWEST) | ((words[i + 7]! & EXPONENT) + LOWEST);
  }
  for (; i < length; i++) a |= (words[i]! & EXPONENT) + LOWEST;
  return (a | b) >= 0;
}

const WIDE_EXPONENT = 0x7ff00000;
const WIDE_LOWEST = 0x00100000;

/** Of 8-byte numbers the upper words have the exponent. */
function upperWordsFinite(words: Int32Array): boolean {
  const { length } = words;
  let a = 0;
  let b = 0;
  let i = 1;
  for (; i + 6 < length; i += 8) {
    a |= ((words[i]! & WIDE_EXPONENT) + WIDE_LOWEST) | ((words[i + 2]! & WIDE_EXPONENT) + WIDE_LOWEST);
    b |= ((words[i + 4]! & WIDE_EXPONENT) + WIDE_LOWEST) | ((words[i + 6]! & WIDE_EXPONENT) + WIDE_LOWEST);
  }
  for (; i < length; i += 2) a |= (words[i]! & WIDE_EXPONENT) + WIDE_LOWEST;
  return (a | b) >= 0;
}

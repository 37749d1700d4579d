import { GradswarmError } from '../../errors.js';
import type { Precision, ReadonlyVector, Vector } from '../../method.js';
import { zeros } from '../../numerics/vector.js';
import type { BodyRoom } from '../codec.js';
import { kernelsFor, SIMD_CHUNK } from '../simd/kernels.js';

/** Checks and views that all codecs share. Typed-array views are little-endian on every engine that runs this. */

const INFINITE = 0x7f800000;

export function malformed(codec: string, problem: string): never {
  throw new GradswarmError('ERR_CODEC_MALFORMED', `${codec}: ${problem}`);
}

/** A number that was received, or that was to be encoded, is NaN, infinite or beyond the code's range. */
export function notFinite(codec: string, problem: string): never {
  throw new GradswarmError('ERR_CODEC_NOT_FINITE', `${codec}: ${problem}`);
}

/** New memory, where nothing else is given. */
export const newBody: BodyRoom = (bytes) => new Uint8Array(bytes);

export function expectBytes(codec: string, body: Uint8Array, expected: number): void {
  if (body.length !== expected) malformed(codec, `expected ${expected} bytes, got ${body.length}`);
}

/** The array to decode into: `into` where given. */
export function resultOf(length: number, precision: Precision, into: Vector | undefined): Vector {
  if (into === undefined) return zeros(length, precision);
  if (into.length !== length) throw new RangeError(`decode: a result of ${into.length} numbers cannot hold ${length}`);
  return into;
}

/** Bits of the greatest float32 magnitude of words[from, to); from 0x7f800000 on an entry is not finite. */
function greatestBits(words: Uint32Array, from: number, to: number): number {
  let greatest = 0;
  let i = from;
  const simd = kernelsFor(to - from, words.buffer);
  if (simd) {
    const most = simd.holds(words) ? Number.POSITIVE_INFINITY : SIMD_CHUNK;
    for (const end = from + ((to - from) & ~3); i < end; ) {
      const count = Math.min(most, end - i);
      greatest = Math.max(greatest, simd.greatestMagnitude(simd.place(words, i, count), count));
      i += count;
    }
  }
  for (; i < to; i++) {
    const magnitude = words[i]! & 0x7fffffff;
    if (magnitude > greatest) greatest = magnitude;
  }
  return greatest;
}

/** True when no entry is NaN or infinite. */
export function isEverywhereFinite(value: ReadonlyVector): boolean {
  if (value.BYTES_PER_ELEMENT === 4) return greatestBits(wordsOf(value), 0, value.length) < INFINITE;
  let sum = 0;
  for (let i = 0; i < value.length; i++) sum += value[i]! - value[i]!;
  return sum === 0;
}

export function refuseNotFinite(codec: string, value: ReadonlyVector): void {
  if (isEverywhereFinite(value)) return;
  let i = 0;
  while (Number.isFinite(value[i]!)) i++;
  notFinite(codec, `entry ${i} is ${value[i]}; only finite numbers can be sent`);
}

const floatScratch = new Float32Array(1);
const wordScratch = new Uint32Array(floatScratch.buffer);

/** The largest magnitude of value[from, to); NaN or Infinity when an entry is not finite. */
export function largestMagnitude(value: ReadonlyVector, from: number, to: number): number {
  if (value.BYTES_PER_ELEMENT === 4) {
    wordScratch[0] = greatestBits(wordsOf(value), from, to);
    return floatScratch[0]!;
  }
  let largest = 0;
  // Math.max keeps a NaN.
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(value[i]!));
  return largest;
}

/**
 * The smallest float32 not below `scale`, which must be finite and >= 0: levels are taken of the number that travels, so
 * no magnitude passes the top level, and unbiased codes stay unbiased.
 */
export function scaleUp(codec: string, scale: number): number {
  floatScratch[0] = scale;
  if (floatScratch[0]! < scale) wordScratch[0] = wordScratch[0]! + 1;
  const result = floatScratch[0]!;
  if (!(result >= 0 && result < Infinity))
    notFinite(codec, `a scale of ${scale} is not a finite float32; only finite numbers in float32's range can be sent`);
  return result;
}

/** A float32 scale off the wire: finite and not negative. */
export function expectScale(codec: string, scale: number): number {
  if (!Number.isFinite(scale)) notFinite(codec, `a scale on the wire is ${scale}`);
  if (scale < 0) malformed(codec, `a scale on the wire is ${scale}; scales are not negative`);
  return scale;
}

/** Bytes `from` to `to` of `body` as float32; a view where the alignment allows it. */
export function floatsAt(body: Uint8Array, from: number, to: number): Float32Array {
  const start = body.byteOffset + from;
  if (start % 4 === 0) return new Float32Array(body.buffer, start, (to - from) >> 2);
  return new Float32Array(body.slice(from, to).buffer);
}

/** The 32-bit words of a vector: one a number in float32, two (low, high) in float64. */
export function wordsOf(value: ReadonlyVector): Uint32Array {
  const vector = value as Vector;
  return new Uint32Array(vector.buffer, vector.byteOffset, vector.byteLength >> 2);
}

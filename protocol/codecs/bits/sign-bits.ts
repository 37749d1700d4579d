import type { ReadonlyVector, Vector } from '../../method.js';
import { defineSettings } from '../../settings/settings.js';
import { type Codec, type CodecFamily, defineCodec } from '../codec.js';
import { kernelsFor, SIMD_CHUNK } from '../simd/kernels.js';
import { wordsOf } from './body.js';

/** Numbers in one call of the module: more leave the nearest cache between their copy and the call. */
const CHUNK = SIMD_CHUNK / 4;
/** The same where they are not copied: half of what the output holds. */
const IN_PLACE = 16 * SIMD_CHUNK;

/** A codec of a few numbers, `headBytes` of them, and one sign bit an entry; contractive, without settings. */
export function defineSignCodec(
  name: string,
  summary: string,
  headBytes: number,
  code: Pick<Codec, 'encode' | 'decode'>,
): CodecFamily {
  const encodedBytes = (length: number) => headBytes + Math.ceil(length / 8);
  const codec: Codec = { name, contract: 'contractive', ...code, encodedBytes };
  return defineCodec({ name, summary, settings: defineSettings({}), create: () => codec });
}

/** One sign bit an entry, eight a byte, first entry lowest; 1 is negative (-0 too); unused bits are 0. */
export function packSigns(value: ReadonlyVector, into: Uint8Array, start: number): void {
  packAndSum(value, into, start, new Float64Array(8));
}

/** The same; also adds |x_i| to sums[i % 8] for all but the last few entries. Returns how many entries were added. */
export function packAndSum(value: ReadonlyVector, into: Uint8Array, start: number, sums: Float64Array): number {
  const { length } = value;
  const end = length & ~15;
  const words = wordsOf(value);
  const simd = value.BYTES_PER_ELEMENT === 4 ? kernelsFor(length, words.buffer) : null;
  if (!simd) {
    packPlain(value, into, start);
    return 0;
  }
  simd.sums.set(sums);
  const most = simd.holds(words) ? IN_PLACE : CHUNK;
  for (let i = 0; i < end; ) {
    const count = Math.min(most, end - i);
    simd.packSigns(simd.place(words, i, count), count);
    into.set(simd.outputBytes.subarray(0, count >>> 3), start + (i >>> 3));
    i += count;
  }
  sums.set(simd.sums);
  packPlain(value.subarray(end), into, start + (end >>> 3));
  return end;
}

function packPlain(value: ReadonlyVector, into: Uint8Array, start: number): void {
  const { length } = value;
  const words = wordsOf(value);
  const stride = length === words.length ? 1 : 2;
  const full = length >>> 3;
  if (stride === 1) packSingle(words, full, into, start);
  else
    for (let b = 0; b < full; b++) {
      let byte = 0;
      for (let j = 0; j < 8; j++) byte |= (words[16 * b + 2 * j + 1]! >>> 31) << j;
      into[start + b] = byte;
    }
  if (length % 8 === 0) return;
  let byte = 0;
  for (let i = 8 * full; i < length; i++) byte |= (words[stride * (i + 1) - 1]! >>> 31) << (i & 7);
  into[start + full] = byte;
}

function packSingle(words: Uint32Array, full: number, into: Uint8Array, start: number): void {
  for (let b = 0, i = 0; b < full; b++, i += 8)
    into[start + b] =
      (words[i]! >>> 31) |
      ((words[i + 1]! >>> 30) & 2) |
      ((words[i + 2]! >>> 29) & 4) |
      ((words[i + 3]! >>> 28) & 8) |
      ((words[i + 4]! >>> 27) & 16) |
      ((words[i + 5]! >>> 26) & 32) |
      ((words[i + 6]! >>> 25) & 64) |
      ((words[i + 7]! >>> 24) & 128);
}

/** Are the bits after the last entry zero? */
export function signsEndClean(body: Uint8Array, start: number, length: number): boolean {
  return length % 8 === 0 || body[start + (length >>> 3)]! >>> (length & 7) === 0;
}

/** Entry i is `positive` or `negative` by its sign bit. */
export function spreadSigns(body: Uint8Array, start: number, positive: number, negative: number, result: Vector): void {
  const { length } = result;
  const full = length >>> 3;
  let done = 0;
  const simd = result.BYTES_PER_ELEMENT === 4 ? kernelsFor(length) : null;
  if (simd)
    while (done < full) {
      const count = Math.min(SIMD_CHUNK >>> 3, full - done);
      simd.inputBytes.set(body.subarray(start + done, start + done + count));
      simd.spreadSigns(8 * count, positive, negative);
      result.set(simd.outputFloats.subarray(0, 8 * count), 8 * done);
      done += count;
    }
  for (let b = done; b < full; b++) {
    const byte = body[start + b]!;
    const i = 8 * b;
    result[i] = byte & 1 ? negative : positive;
    result[i + 1] = byte & 2 ? negative : positive;
    result[i + 2] = byte & 4 ? negative : positive;
    result[i + 3] = byte & 8 ? negative : positive;
    result[i + 4] = byte & 16 ? negative : positive;
    result[i + 5] = byte & 32 ? negative : positive;
    result[i + 6] = byte & 64 ? negative : positive;
    result[i + 7] = byte & 128 ? negative : positive;
  }
  for (let i = 8 * full; i < length; i++) result[i] = (body[start + full]! >>> (i & 7)) & 1 ? negative : positive;
}

import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { expectBytes, notFinite, refuseNotFinite, resultOf } from './bits/body.js';
import { COINS_CHUNK, Coins, coinScratch } from './bits/coins.js';
import {
  decodeHalf,
  defineHalfCodec,
  encodeStochastic,
  halfFormat,
  nearestPattern,
  singleWords,
  sixteenBitsAt,
} from './bits/half-floats.js';
import { kernelsFor, SIMD_CHUNK } from './simd/kernels.js';

/**
 * bfloat16: the upper half of a float32; 16 d bits, float32's range. Nearest: ties to even, relative error <= 2^-8 for
 * magnitudes from 2^-126 on (contractive, 1 - delta <= 2^-16), at most 2^-134 below; beyond the largest, 3.39e38, clamped.
 * Stochastic: up with the probability of the dropped part; unbiased, omega <= 2^-16 from 2^-126 on; larger numbers refused.
 */
const FORMAT = halfFormat('bf16', 7, -126);
const LARGEST = 0x7f7f;

function roundSingle(words: Uint32Array, patterns: Uint16Array): void {
  const { length } = words;
  let greatest = 0;
  let i = 0;
  const simd = kernelsFor(length, words.buffer);
  if (simd) {
    const most = simd.holds(words) ? 2 * SIMD_CHUNK : SIMD_CHUNK;
    for (const end = length & ~7; i < end; ) {
      const count = Math.min(most, end - i);
      greatest = Math.max(greatest, simd.roundToBf16(simd.place(words, i, count), count) >>> 0);
      patterns.set(simd.outputHalves.subarray(0, count), i);
      i += count;
    }
  }
  for (; i < length; i++) {
    const word = words[i]!;
    patterns[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    greatest = Math.max(greatest, word & 0x7fffffff);
  }
  if (greatest >= 0x7f800000) notFinite('bf16', 'an entry is NaN or infinite; only finite numbers can be sent');
  if (greatest > LARGEST << 16)
    for (let j = 0; j < length; j++)
      if ((patterns[j]! & 0x7fff) > LARGEST) patterns[j] = LARGEST | (patterns[j]! & 0x8000);
}

function roundSingleAtRandom(words: Uint32Array, rng: Rng, patterns: Uint16Array): void {
  const { length } = words;
  const coins = new Coins(rng);
  let greatest = 0;
  for (let start = 0; start < length; start += COINS_CHUNK) {
    const end = Math.min(length, start + COINS_CHUNK);
    // Sixteen bits are dropped, so sixteen random bits decide exactly: each word serves two entries.
    coins.fill(coinScratch, (end - start + 1) >> 1);
    for (let i = start; i < end; i++) {
      const at = i - start;
      const coin = coinScratch[at >> 1]! >>> ((at & 1) << 4);
      const rounded = (words[i]! + (coin & 0xffff)) >>> 16;
      patterns[i] = rounded;
      if ((words[i]! & 0x7fffffff) > greatest) greatest = words[i]! & 0x7fffffff;
    }
  }
  if (greatest > LARGEST << 16) notFinite('bf16', `a number is beyond ${FORMAT.largest}, the largest of this code`);
}

function nearest(value: ReadonlyVector, patterns: Uint16Array): void {
  const words = singleWords(value);
  if (words) return roundSingle(words, patterns);
  refuseNotFinite('bf16', value);
  for (let i = 0; i < value.length; i++) patterns[i] = nearestPattern(FORMAT, value[i]!);
}

function atRandom(value: ReadonlyVector, rng: Rng, patterns: Uint16Array): void {
  refuseNotFinite('bf16', value);
  const words = singleWords(value);
  if (words) roundSingleAtRandom(words, rng, patterns);
  else encodeStochastic(FORMAT, value, rng, patterns);
}

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes('bf16', body, 2 * length);
  if (precision === 'float64') return decodeHalf(FORMAT, body, length, precision, into);
  const patterns = sixteenBitsAt(body);
  const result = resultOf(length, precision, into) as Float32Array;
  const words = new Uint32Array(result.buffer, result.byteOffset, length);
  let greatest = 0;
  for (let i = 0; i < length; i++) {
    const pattern = patterns[i]!;
    words[i] = pattern << 16;
    const magnitude = pattern & 0x7fff;
    if (magnitude > greatest) greatest = magnitude;
  }
  if (greatest > LARGEST) notFinite('bf16', 'a number on the wire is NaN or infinite');
  return result;
}

const bf16 = defineHalfCodec(FORMAT, 'The upper half of a float32, 16 bits a number', 2 ** -16, {
  nearest,
  atRandom,
  decode,
});

export default bf16;

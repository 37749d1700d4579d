import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { expectBytes, refuseNotFinite } from './bits/body.js';
import {
  decodeHalf,
  defineHalfCodec,
  encodeStochastic,
  halfFormat,
  nearestPattern,
  singleWords,
} from './bits/half-floats.js';

/**
 * IEEE half precision; 16 d bits. Nearest: ties to even, clamped to 65504; relative error <= 2^-11 for magnitudes in
 * [2^-14, 65504] (contractive there, 1 - delta <= 2^-22), at most 2^-25 below, so what is smaller than 2^-25 is lost: scale
 * such vectors, or use bf16. Stochastic: unbiased, omega <= 2^-22 on the same range; larger magnitudes are refused.
 */
const FORMAT = halfFormat('fp16', 10, -14);

/** Patterns of all float32 magnitudes in the normal range by the usual add-and-shift; the rest goes the general way. */
function roundSingle(words: Uint32Array, value: ReadonlyVector, patterns: Uint16Array): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    // From 2^-14 to below the midpoint after 65504.
    if (magnitude >= 0x38800000 && magnitude < 0x477ff000)
      patterns[i] = ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13) | ((word >>> 16) & 0x8000);
    else patterns[i] = nearestPattern(FORMAT, value[i]!);
  }
}

function nearest(value: ReadonlyVector, patterns: Uint16Array): void {
  refuseNotFinite('fp16', value);
  const words = singleWords(value);
  if (words) roundSingle(words, value, patterns);
  else for (let i = 0; i < value.length; i++) patterns[i] = nearestPattern(FORMAT, value[i]!);
}

function atRandom(value: ReadonlyVector, rng: Rng, patterns: Uint16Array): void {
  refuseNotFinite('fp16', value);
  encodeStochastic(FORMAT, value, rng, patterns);
}

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes('fp16', body, 2 * length);
  return decodeHalf(FORMAT, body, length, precision, into);
}

const fp16 = defineHalfCodec(FORMAT, 'IEEE half precision, 16 bits a number', 2 ** -22, {
  nearest,
  atRandom,
  decode,
});

export default fp16;

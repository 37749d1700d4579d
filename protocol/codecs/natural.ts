import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { defineSettings } from '../settings/settings.js';
import { expectBytes, malformed, notFinite, refuseNotFinite, resultOf, wordsOf } from './bits/body.js';
import { COINS_CHUNK, Coins, coinScratch } from './bits/coins.js';
import { packSigns, signsEndClean } from './bits/sign-bits.js';
import { type Codec, defineCodec } from './codec.js';

/**
 * Natural compression (Horvath et al., 2019; reconstructed, not checked against the paper): a magnitude becomes one of the two powers of two around it, the
 * upper one with probability |x| / 2^e - 1, e = floor(log2 |x|). Unbiased; omega <= 1/8, exactly sum p (1 - p) 4^e / |x|^2.
 * Body: d exponent bytes as in a float32 (0: zero), then the sign bits; 8 d + 8 ceil(d / 8) bits.
 *
 * Below 2^-126 the two neighbours are 0 and 2^-126: still unbiased, without the bound. Magnitudes above 2^127 are refused.
 */
const NAME = 'natural';
const LARGEST = 2 ** 127;
const LEAST = 2 ** -126;

const POWERS = Float64Array.from({ length: 255 }, (_, exponent) => (exponent === 0 ? 0 : 2 ** (exponent - 127)));

function refuseLarge(): never {
  notFinite(NAME, 'a magnitude is beyond 2^127, the largest power of two of this code');
}

/** Adding 23 random bits to the 23 bits of the fraction carries into the exponent with exactly the right probability. */
function exponentsOfSingle(words: Uint32Array, rng: Rng, exponents: Uint8Array): void {
  const coins = new Coins(rng);
  const { length } = words;
  for (let start = 0; start < length; start += COINS_CHUNK) {
    const end = Math.min(length, start + COINS_CHUNK);
    coins.fill(coinScratch, end - start);
    for (let i = start; i < end; i++) {
      const magnitude = words[i]! & 0x7fffffff;
      if (magnitude > 0x7f000000) refuseLarge();
      exponents[i] = (magnitude + (coinScratch[i - start]! >>> 9)) >>> 23;
    }
  }
}

/** Exponent of the power of two not above a magnitude, and the share of the way to the next one. */
function exponentsOfDouble(value: ReadonlyVector, rng: Rng, exponents: Uint8Array): void {
  const coins = new Coins(rng);
  const words = wordsOf(value);
  for (let i = 0; i < value.length; i++) {
    const chunk = i % COINS_CHUNK;
    if (chunk === 0) coins.fill(coinScratch, Math.min(COINS_CHUNK, value.length - i));
    const magnitude = Math.abs(value[i]!);
    if (magnitude > LARGEST) refuseLarge();
    const exponent = magnitude < LEAST ? 0 : ((words[2 * i + 1]! >>> 20) & 0x7ff) - 896;
    exponents[i] = exponent + (share(magnitude, exponent) * 4294967296 > coinScratch[chunk]! ? 1 : 0);
  }
}

function share(magnitude: number, exponent: number): number {
  return exponent === 0 ? magnitude / LEAST : magnitude / POWERS[exponent]! - 1;
}

function encode(value: ReadonlyVector, rng: Rng): Uint8Array {
  const { length } = value;
  refuseNotFinite(NAME, value);
  const body = new Uint8Array(length + Math.ceil(length / 8));
  if (value.BYTES_PER_ELEMENT === 4) exponentsOfSingle(wordsOf(value), rng, body);
  else exponentsOfDouble(value, rng, body);
  packSigns(value, body, length);
  return body;
}

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes(NAME, body, length + Math.ceil(length / 8));
  if (!signsEndClean(body, length, length)) malformed(NAME, 'bits after the last sign are not zero');
  const result = resultOf(length, precision, into);
  let greatest = 0;
  for (let i = 0; i < length; i++) greatest = Math.max(greatest, body[i]!);
  if (greatest === 255) notFinite(NAME, 'an exponent is that of an infinity');
  if (result.BYTES_PER_ELEMENT === 4) {
    const words = wordsOf(result);
    for (let i = 0; i < length; i++)
      words[i] = (body[i]! << 23) | (((body[length + (i >>> 3)]! >>> (i & 7)) & 1) << 31);
  } else
    for (let i = 0; i < length; i++)
      result[i] = POWERS[body[i]!]! * (1 - 2 * ((body[length + (i >>> 3)]! >>> (i & 7)) & 1));
  return result;
}

function expectedSquaredError(value: ReadonlyVector): number {
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const magnitude = Math.abs(value[i]!);
    let step = LEAST;
    while (magnitude >= 2 * step) step *= 2;
    const up = magnitude < LEAST ? magnitude / LEAST : magnitude / step - 1;
    sum += up * (1 - up) * step * step;
  }
  return sum;
}

const codec: Codec = {
  name: NAME,
  contract: 'unbiased',
  omega: 1 / 8,
  encode,
  decode,
  encodedBytes: (length) => length + Math.ceil(length / 8),
  expectedSquaredError,
};

const natural = defineCodec({
  name: NAME,
  summary: 'Powers of two by a coin, 9 bits a number',
  settings: defineSettings({}),
  create: () => codec,
});

export default natural;

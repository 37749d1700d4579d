import type { Precision, ReadonlyVector, Rng, Vector } from '../../method.js';
import { oneOf } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { type Codec, defineCodec } from '../codec.js';
import { newBody, notFinite, resultOf, wordsOf } from './body.js';
import { COINS_CHUNK, Coins, coinScratch } from './coins.js';

/**
 * Both 16-bit floating-point codes. One is a float32 whose lowest bits are dropped (bf16), the other has its own exponent
 * range (fp16); in both the 16-bit patterns of magnitudes, read as integers, order like the magnitudes, so rounding is a
 * choice between two neighbouring integers.
 */
export interface HalfFormat {
  readonly name: string;
  /** Largest finite magnitude. */
  readonly largest: number;
  /** Bits of the fraction, and the exponent of the smallest normal number. */
  readonly fractionBits: number;
  readonly leastExponent: number;
  /** The number of each 16-bit pattern; NaN for those that are not finite. 2^16 entries. */
  readonly values: Float32Array;
}

export function halfFormat(name: string, fractionBits: number, leastExponent: number): HalfFormat {
  const values = new Float32Array(65536);
  const perBinade = 2 ** fractionBits;
  const infinite = 32768 - perBinade;
  for (let pattern = 0; pattern < 32768; pattern++) {
    const exponent = Math.floor(pattern / perBinade);
    const fraction = pattern % perBinade;
    values[pattern] =
      exponent === 0
        ? fraction * 2 ** (leastExponent - fractionBits)
        : (perBinade + fraction) * 2 ** (exponent - 1 + leastExponent - fractionBits);
    if (pattern >= infinite) values[pattern] = Number.NaN;
    values[pattern + 32768] = -values[pattern]!;
  }
  return { name, fractionBits, leastExponent, values, largest: values[infinite - 1]! };
}

const doubleScratch = new Float64Array(1);
const doubleWords = new Uint32Array(doubleScratch.buffer);

/** The codec of a format, to the nearest number or at random. `omega`: of rounding at random, in the format's normal range. */
export function defineHalfCodec(
  format: HalfFormat,
  summary: string,
  omega: number,
  code: {
    nearest(value: ReadonlyVector, patterns: Uint16Array): void;
    atRandom(value: ReadonlyVector, rng: Rng, patterns: Uint16Array): void;
    readonly decode: Codec['decode'];
  },
) {
  const { name } = format;
  const common = { name, decode: code.decode, encodedBytes: (length: number) => 2 * length };
  const nearest: Codec = {
    ...common,
    contract: 'contractive',
    encode(value, _rng, room = newBody) {
      const body = room(2 * value.length);
      code.nearest(value, sixteenBitsAt(body));
      return body;
    },
  };
  const stochastic: Codec = {
    ...common,
    contract: 'unbiased',
    omega,
    encode(value, rng, room = newBody) {
      const body = room(2 * value.length);
      code.atRandom(value, rng, sixteenBitsAt(body));
      return body;
    },
    expectedSquaredError: (value) => stochasticError(format, value),
  };
  return defineCodec({
    name,
    summary,
    settings: defineSettings({
      rounding: oneOf(['nearest', 'stochastic'], 'nearest', 'To the nearest number, or at random without bias'),
    }),
    create: ({ rounding }) => (rounding === 'nearest' ? nearest : stochastic),
  });
}

/** Spacing of the format's numbers around a magnitude. */
function quantum(format: HalfFormat, magnitude: number): number {
  doubleScratch[0] = magnitude;
  const exponent = (doubleWords[1]! >>> 20) - 1023;
  return 2 ** (Math.max(exponent, format.leastExponent) - format.fractionBits);
}

/** Pattern of a magnitude that is a multiple of its quantum. */
function patternOf(format: HalfFormat, magnitude: number): number {
  if (magnitude === 0) return 0;
  doubleScratch[0] = magnitude;
  const exponent = (doubleWords[1]! >>> 20) - 1023;
  const perBinade = 2 ** format.fractionBits;
  if (exponent < format.leastExponent) return magnitude / 2 ** (format.leastExponent - format.fractionBits);
  return (exponent - format.leastExponent) * perBinade + magnitude / 2 ** (exponent - format.fractionBits);
}

/** Nearest, ties to even, magnitudes beyond the largest become the largest. Exact for float64 input too. */
export function nearestPattern(format: HalfFormat, x: number): number {
  const magnitude = Math.min(Math.abs(x), format.largest);
  const step = quantum(format, magnitude);
  const units = magnitude / step;
  let rounded = Math.floor(units);
  const rest = units - rounded;
  if (rest > 0.5 || (rest === 0.5 && rounded % 2 === 1)) rounded++;
  return patternOf(format, Math.min(rounded * step, format.largest)) | (x < 0 || Object.is(x, -0) ? 0x8000 : 0);
}

/** Up with the probability of the dropped part, decided by one 32-bit coin. */
function stochasticPattern(format: HalfFormat, x: number, coin: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude <= format.largest)) {
    const limit = `the largest number of this code, ${format.largest}`;
    notFinite(format.name, `${x} is beyond ${limit}; rounding at random cannot reach it without bias`);
  }
  const step = quantum(format, magnitude);
  const units = magnitude / step;
  let rounded = Math.floor(units);
  if ((units - rounded) * 4294967296 > coin) rounded++;
  return patternOf(format, rounded * step) | (x < 0 || Object.is(x, -0) ? 0x8000 : 0);
}

/** The 16-bit patterns of all entries by the rule above. */
export function encodeStochastic(format: HalfFormat, value: ReadonlyVector, rng: Rng, patterns: Uint16Array): void {
  const { length } = value;
  const coins = new Coins(rng);
  for (let start = 0; start < length; start += COINS_CHUNK) {
    const end = Math.min(length, start + COINS_CHUNK);
    coins.fill(coinScratch, end - start);
    for (let i = start; i < end; i++) patterns[i] = stochasticPattern(format, value[i]!, coinScratch[i - start]!);
  }
}

/** Sum of p (1 - p) quantum^2: what rounding at random adds. */
function stochasticError(format: HalfFormat, value: ReadonlyVector): number {
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const magnitude = Math.abs(value[i]!);
    const step = quantum(format, magnitude);
    const share = magnitude / step - Math.floor(magnitude / step);
    sum += share * (1 - share) * step * step;
  }
  return sum;
}

export function decodeHalf(
  format: HalfFormat,
  body: Uint8Array,
  length: number,
  precision: Precision,
  into: Vector | undefined,
): Vector {
  const patterns = sixteenBitsAt(body);
  const result = resultOf(length, precision, into);
  const { values } = format;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const x = values[patterns[i]!]!;
    sum += x - x;
    result[i] = x;
  }
  if (sum !== 0) notFinite(format.name, 'a number on the wire is NaN or infinite');
  return result;
}

export function sixteenBitsAt(body: Uint8Array): Uint16Array {
  if (body.byteOffset % 2 === 0) return new Uint16Array(body.buffer, body.byteOffset, body.length >> 1);
  return new Uint16Array(body.slice().buffer);
}

/** The words of a float32 vector, or null: the fast paths are for float32 only. */
export function singleWords(value: ReadonlyVector): Uint32Array | null {
  return value.BYTES_PER_ELEMENT === 4 ? wordsOf(value) : null;
}

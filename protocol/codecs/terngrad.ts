import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { number } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import {
  expectBytes,
  expectScale,
  floatsAt,
  largestMagnitude,
  malformed,
  notFinite,
  resultOf,
  scaleUp,
} from './bits/body.js';
import { Coins } from './bits/coins.js';
import { drawLevels } from './bits/random-levels.js';
import { type Codec, defineCodec } from './codec.js';

/**
 * TernGrad (Wen et al., NeurIPS 2017; optional clipping read in its code): with m = max |x|, an entry becomes sign(x) m with
 * probability |x| / m and 0 otherwise. Unbiased; exact omega = m |x|_1 / |x|_2^2 - 1 <= (sqrt(d) - 1) / 2. Body: float32 m,
 * then five trits a byte (base 3, first entry lowest, digit = trit + 1, unused digits 0): 1.6 d + 32 bits.
 *
 * `clip`: first cut entries to so many standard deviations (2.5 in the paper; null: not). That makes m, and so the noise,
 * smaller and the code biased: no contract.
 */
const NAME = 'terngrad';

/** Standard deviation about the mean, times `clip`; without clipping the largest magnitude. */
function bound(value: ReadonlyVector, clip: number | null): number {
  const largest = largestMagnitude(value, 0, value.length);
  if (!Number.isFinite(largest)) notFinite(NAME, 'an entry is NaN or infinite; only finite numbers can be sent');
  if (clip === null || largest === 0) return scaleUp(NAME, largest);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < value.length; i++) {
    const ratio = value[i]! / largest;
    sum += ratio;
    squares += ratio * ratio;
  }
  const mean = sum / value.length;
  const deviation = Math.sqrt(Math.max(0, squares / value.length - mean * mean));
  // All entries equal: nothing sticks out, so nothing is cut.
  return scaleUp(NAME, deviation > 0 ? Math.min(largest, clip * deviation * largest) : largest);
}

/** A multiple of 4, for the coins, and of 5, for the bytes. */
const CHUNK = 4000;
const trits = new Int32Array(CHUNK + 4);

function encode(value: ReadonlyVector, clip: number | null, rng: Rng): Uint8Array {
  const { length } = value;
  const scale = bound(value, clip);
  const body = new Uint8Array(4 + Math.ceil(length / 5));
  new Float32Array(body.buffer, 0, 1)[0] = scale;
  const coins = new Coins(rng);
  const grid = { units: [scale], bucket: 4 * Math.ceil((length + 1) / 4), top: 1 };
  for (let from = 0, at = 4; from < length; from += CHUNK) {
    const count = Math.min(CHUNK, length - from);
    drawLevels(value, from, from + count, grid, coins, trits);
    trits.fill(-1, count, count + 4);
    for (let j = 0; j < count; j += 5)
      body[at++] = 121 + trits[j]! + 3 * trits[j + 1]! + 9 * trits[j + 2]! + 27 * trits[j + 3]! + 81 * trits[j + 4]!;
  }
  return body;
}

/** The five trits of every byte, as -1, 0, 1. */
const TRITS = (() => {
  const table = new Int8Array(243 * 5);
  for (let byte = 0; byte < 243; byte++)
    for (let j = 0, rest = byte; j < 5; j++, rest = Math.floor(rest / 3)) table[5 * byte + j] = (rest % 3) - 1;
  return table;
})();

function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  expectBytes(NAME, body, 4 + Math.ceil(length / 5));
  const scale = expectScale(NAME, floatsAt(body, 0, 4)[0]!);
  const full = Math.floor(length / 5);
  for (let b = 0; b < full; b++) if (body[4 + b]! > 242) malformed(NAME, `byte ${4 + b} holds no five trits`);
  const rest = length - 5 * full;
  if (rest > 0 && body[4 + full]! >= 3 ** rest) malformed(NAME, `the last byte holds more than ${rest} trits`);
  const result = resultOf(length, precision, into);
  for (let b = 0; b < full; b++) {
    const at = 5 * body[4 + b]!;
    const i = 5 * b;
    result[i] = TRITS[at]! * scale;
    result[i + 1] = TRITS[at + 1]! * scale;
    result[i + 2] = TRITS[at + 2]! * scale;
    result[i + 3] = TRITS[at + 3]! * scale;
    result[i + 4] = TRITS[at + 4]! * scale;
  }
  for (let j = 0; j < rest; j++) result[5 * full + j] = TRITS[5 * body[4 + full]! + j]! * scale;
  return result;
}

/** Variance of the coins, plus what clipping moved. */
function expectedSquaredError(value: ReadonlyVector, clip: number | null): number {
  const scale = bound(value, clip);
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const magnitude = Math.abs(value[i]!);
    const kept = Math.min(magnitude, scale);
    sum += kept * (scale - kept) + (magnitude - kept) ** 2;
  }
  return sum;
}

const terngrad = defineCodec({
  name: NAME,
  summary: 'Three values by a coin, 1.6 bits a number',
  settings: defineSettings({
    clip: number(
      null,
      'Entries are first cut to so many standard deviations, 2.5 in the paper, which biases; null: not',
      { above: 0, most: 1e6 },
    ),
  }),
  create({ clip }): Codec {
    return {
      name: NAME,
      contract: clip === null ? 'unbiased' : 'none',
      omega: Infinity,
      encode: (value, rng) => encode(value, clip, rng),
      decode,
      encodedBytes: (length) => 4 + Math.ceil(length / 5),
      expectedSquaredError: (value) => expectedSquaredError(value, clip),
    };
  },
});

export default terngrad;

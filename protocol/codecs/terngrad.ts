import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import {
  expectBytes,
  expectScale,
  floatsAt,
  largestMagnitude,
  malformed,
  notFinite,
  resultOf,
  scaleUp,
} from './body.js';
import type { Codec, CodecFamily } from './codec.js';
import { Coins, coinScratch } from './coins.js';
import { SettingReader } from './settings.js';

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
const digits = new Uint8Array(CHUNK + 4);

/** Digits of value[from, to): 1 plus the trit. `inverse`: coins a unit of magnitude. No branch has to guess a coin. */
function drawDigits(value: ReadonlyVector, from: number, to: number, inverse: number): void {
  for (let i = from; i < to; i++) {
    const chance = Math.max(-4294967296, Math.min(4294967296, value[i]! * inverse));
    const magnitude = Math.abs(chance);
    // -1 where the coin is below the magnitude, else 0; then with the sign of the entry.
    const down = Math.floor((coinScratch[i - from]! - magnitude) * 1.1641532182693481e-10);
    const sign = 1 + 2 * Math.floor(chance * 1.1641532182693481e-10);
    digits[i - from] = 1 - down * sign;
  }
}

function encode(value: ReadonlyVector, clip: number | null, rng: Rng): Uint8Array {
  const { length } = value;
  const scale = bound(value, clip);
  const body = new Uint8Array(4 + Math.ceil(length / 5));
  new Float32Array(body.buffer, 0, 1)[0] = scale;
  const coins = new Coins(rng);
  const inverse = scale > 0 ? 4294967296 / scale : 0;
  for (let from = 0, at = 4; from < length; from += CHUNK) {
    const count = Math.min(CHUNK, length - from);
    coins.fill(coinScratch, count);
    drawDigits(value, from, from + count, inverse);
    digits.fill(0, count, count + 4);
    for (let j = 0; j < count; j += 5)
      body[at++] = digits[j]! + 3 * digits[j + 1]! + 9 * digits[j + 2]! + 27 * digits[j + 3]! + 81 * digits[j + 4]!;
  }
  return body;
}

/** The five trits of every byte, as -1, 0, 1. */
const TRITS = (() => {
  const trits = new Int8Array(243 * 5);
  for (let byte = 0; byte < 243; byte++)
    for (let j = 0, rest = byte; j < 5; j++, rest = Math.floor(rest / 3)) trits[5 * byte + j] = (rest % 3) - 1;
  return trits;
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

const terngrad: CodecFamily = {
  name: NAME,
  defaults: { clip: null },
  create(settings): Codec {
    const clip = new SettingReader(`codec ${NAME}`, settings).numberOrNull('clip', 1e6);
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
};

export default terngrad;

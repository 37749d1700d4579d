import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { blockScales, readScales, scaleBytes } from './block-scales.js';
import { expectBytes, largestMagnitude, malformed, resultOf } from './body.js';
import type { Codec, CodecFamily } from './codec.js';
import { COINS_CHUNK, Coins, coinScratch } from './coins.js';
import { decodeEntropy, encodeEntropy, fixedWidth, readFixed, writeFixed } from './level-codes.js';
import { SettingReader } from './settings.js';

/**
 * QSGD (Alistarh, Grubic, Li, Tomioka, Vojnovic, NeurIPS 2017; from memory): in buckets, z = s |x| / norm, level = floor(z + u)
 * with u uniform, back as sign(x) level norm / s. Unbiased; exact error sum p (1 - p) (norm / s)^2 with p = frac(z);
 * omega <= min(B / s^2, sqrt(B) / s) for the 2-norm, B / (4 s^2) for norm 'max', which is much smaller per level.
 *
 * Body: ceil(d / B) float32 norms, then coding 'fixed': ceil(log2(2 s + 1)) bits a level; 'entropy': an adaptive range code,
 * which comes within a few per cent of the levels' entropy (buckets of norm 0 cost nothing in it).
 */
const NAME = 'qsgd';

interface Settings {
  readonly levels: number;
  readonly bucket: number;
  readonly norm: 'l2' | 'max';
  readonly coding: 'fixed' | 'entropy';
}

function norm2(value: ReadonlyVector, from: number, to: number): number {
  const largest = largestMagnitude(value, from, to);
  if (!(largest > 0) || largest === Infinity) return largest;
  // Divided first: squares of very large and very small numbers leave float64's range.
  let sum = 0;
  for (let i = from; i < to; i++) {
    const ratio = value[i]! / largest;
    sum += ratio * ratio;
  }
  return largest * Math.sqrt(sum);
}

function measureOf({ norm }: Settings) {
  return norm === 'l2' ? norm2 : largestMagnitude;
}

function quantize(value: ReadonlyVector, norms: Float32Array, { bucket, levels: top }: Settings, rng: Rng): Int32Array {
  const { length } = value;
  const levels = new Int32Array(length);
  const coins = new Coins(rng);
  for (let from = 0; from < length; ) {
    const chunk = from % COINS_CHUNK;
    if (chunk === 0) coins.fill(coinScratch, Math.min(COINS_CHUNK, length - from));
    const b = Math.floor(from / bucket);
    const to = Math.min(length, (b + 1) * bucket, from - chunk + COINS_CHUNK);
    if (norms[b]! > 0) quantizePiece(value, from, to, top / norms[b]!, top, levels);
    from = to;
  }
  return levels;
}

function quantizePiece(
  value: ReadonlyVector,
  from: number,
  to: number,
  inverse: number,
  top: number,
  levels: Int32Array,
): void {
  for (let i = from; i < to; i++) {
    const z = value[i]! * inverse;
    const u = coinScratch[i % COINS_CHUNK]! * 2.3283064365386963e-10;
    const level = z < 0 ? -((u - z) | 0) : (z + u) | 0;
    levels[i] = Math.max(-top, Math.min(level, top));
  }
}

function encode(value: ReadonlyVector, settings: Settings, rng: Rng): Uint8Array {
  const { levels: top, bucket, coding } = settings;
  const norms = blockScales(NAME, value, bucket, measureOf(settings));
  const levels = quantize(value, norms, settings, rng);
  if (coding === 'fixed') {
    const body = new Uint8Array(norms.byteLength + Math.ceil((levels.length * fixedWidth(top)) / 8));
    body.set(new Uint8Array(norms.buffer));
    writeFixed(levels, top, body, norms.byteLength);
    return body;
  }
  if (value.length === 0) return new Uint8Array(0);
  const coded = encodeEntropy(levels, (b) => norms[b] === 0, bucket);
  const body = new Uint8Array(norms.byteLength + coded.length);
  body.set(new Uint8Array(norms.buffer));
  body.set(coded, norms.byteLength);
  return body;
}

function decode(
  body: Uint8Array,
  length: number,
  { levels: top, bucket, coding }: Settings,
  precision: Precision,
  into?: Vector,
): Vector {
  const start = scaleBytes(length, bucket);
  if (coding === 'fixed' || length === 0) expectBytes(NAME, body, start + Math.ceil((length * fixedWidth(top)) / 8));
  else if (body.length < start) malformed(NAME, `expected at least ${start} bytes, got ${body.length}`);
  const norms = readScales(NAME, body, length, bucket);
  const levels = new Int32Array(length);
  if (length > 0) {
    if (coding === 'fixed') readFixed(NAME, body, start, top, levels);
    else decodeEntropy(NAME, body, start, top, levels, (b) => norms[b] === 0, bucket);
  }
  const result = resultOf(length, precision, into);
  for (let b = 0; b < norms.length; b++) {
    const step = norms[b]! / top;
    const to = Math.min(length, (b + 1) * bucket);
    for (let i = b * bucket; i < to; i++) result[i] = levels[i]! * step;
  }
  return result;
}

function quantizationError(value: ReadonlyVector, settings: Settings): number {
  const norms = blockScales(NAME, value, settings.bucket, measureOf(settings));
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const norm = norms[Math.floor(i / settings.bucket)]!;
    if (norm === 0) continue;
    const z = settings.levels * (Math.abs(value[i]!) / norm);
    const share = z - Math.floor(z);
    sum += share * (1 - share) * (norm / settings.levels) ** 2;
  }
  return sum;
}

const qsgd: CodecFamily = {
  name: NAME,
  defaults: { levels: 16, bucket: 512, norm: 'l2', coding: 'fixed' },
  create(raw): Codec {
    const reader = new SettingReader(`codec ${NAME}`, raw);
    const settings: Settings = {
      levels: reader.integer('levels', 1, 32767),
      bucket: reader.integer('bucket', 1, 2147483647),
      norm: reader.choice('norm', ['l2', 'max']),
      coding: reader.choice('coding', ['fixed', 'entropy']),
    };
    const { levels: s, bucket: b } = settings;
    return {
      name: NAME,
      contract: 'unbiased',
      omega: settings.norm === 'max' ? b / (4 * s * s) : Math.min(b / (s * s), Math.sqrt(b) / s),
      encode: (value, rng) => encode(value, settings, rng),
      decode: (body, length, precision, into) => decode(body, length, settings, precision, into),
      expectedSquaredError: (value) => quantizationError(value, settings),
      ...(settings.coding === 'fixed' && {
        encodedBytes: (length: number) => scaleBytes(length, b) + Math.ceil((length * fixedWidth(s)) / 8),
      }),
    };
  },
};

export default qsgd;

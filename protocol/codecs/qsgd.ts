import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { count, oneOf } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { BitReader, BitWriter } from './bits/bit-stream.js';
import { blockScales, readScales, scaleBytes } from './bits/block-scales.js';
import { expectBytes, largestMagnitude, malformed, resultOf } from './bits/body.js';
import { COINS_CHUNK, Coins } from './bits/coins.js';
import { decodeLevels, encodeLevels } from './bits/level-codes.js';
import { drawLevels } from './bits/random-levels.js';
import { type Codec, defineCodec } from './codec.js';

/**
 * QSGD (Alistarh, Grubic, Li, Tomioka, Vojnovic, NeurIPS 2017; reconstructed, not checked against the paper): in buckets, z = s |x| / norm, level = floor(z + u)
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
  let sum = 0;
  for (let i = from; i < to; i++) sum += value[i]! * value[i]!;
  if (sum > 1e-200 && sum < 1e200) return Math.sqrt(sum);
  // Squares of very large and very small numbers leave float64's range.
  const largest = largestMagnitude(value, from, to);
  if (!(largest > 0) || largest === Infinity) return largest;
  sum = 0;
  for (let i = from; i < to; i++) {
    const ratio = value[i]! / largest;
    sum += ratio * ratio;
  }
  return largest * Math.sqrt(sum);
}

function measureOf({ norm }: Settings) {
  return norm === 'l2' ? norm2 : largestMagnitude;
}

/** Bits a level takes in the fixed code: enough for 2 top + 1 values. */
function fixedWidth(top: number): number {
  return 32 - Math.clz32(2 * top);
}

function fixedBytes(length: number, { levels, bucket }: Settings): number {
  return scaleBytes(length, bucket) + Math.ceil((length * fixedWidth(levels)) / 8);
}

const chunkLevels = new Int32Array(COINS_CHUNK);

function encode(value: ReadonlyVector, settings: Settings, rng: Rng): Uint8Array {
  const { length } = value;
  const { levels: top, bucket } = settings;
  const norms = blockScales(NAME, value, bucket, measureOf(settings));
  const fixed = settings.coding === 'fixed';
  const body = new Uint8Array(fixed ? fixedBytes(length, settings) : norms.byteLength);
  body.set(new Uint8Array(norms.buffer));
  const coins = new Coins(rng);
  const writer = new BitWriter(body, norms.byteLength);
  const levels = fixed ? chunkLevels : new Int32Array(length);
  const grid = { units: Float64Array.from(norms, (norm) => norm / top), bucket, top };
  for (let from = 0; from < length; from += COINS_CHUNK) {
    const to = Math.min(length, from + COINS_CHUNK);
    drawLevels(value, from, to, grid, coins, fixed ? levels : levels.subarray(from, to));
    if (fixed) writer.writeAll(levels, to - from, top, fixedWidth(top));
  }
  if (fixed) writer.finish();
  return fixed || length === 0
    ? body
    : joined(
        body,
        encodeLevels(levels, (b) => norms[b] === 0, bucket),
      );
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function decode(body: Uint8Array, length: number, settings: Settings, precision: Precision, into?: Vector): Vector {
  const { levels: top, bucket } = settings;
  const start = scaleBytes(length, bucket);
  if (settings.coding === 'fixed' || length === 0) expectBytes(NAME, body, fixedBytes(length, settings));
  else if (body.length < start) malformed(NAME, `expected at least ${start} bytes, got ${body.length}`);
  const norms = readScales(NAME, body, length, bucket);
  const result = resultOf(length, precision, into);
  if (settings.coding === 'fixed') decodeFixed(body, start, norms, settings, result);
  else if (length > 0) {
    const levels = new Int32Array(length);
    decodeLevels(NAME, body, start, top, levels, (b) => norms[b] === 0, bucket);
    scaleLevels(levels, 0, length, norms, settings, result);
  }
  return result;
}

/** result[i] = level times norm / top, for i in [from, to); the level of entry i is levels[i - from]. */
function scaleLevels(
  levels: Int32Array,
  from: number,
  to: number,
  norms: Float32Array,
  { levels: top, bucket }: Settings,
  result: Vector,
): void {
  for (let start = from; start < to; ) {
    const b = Math.floor(start / bucket);
    const end = Math.min(to, (b + 1) * bucket);
    const step = norms[b]! / top;
    for (let i = start; i < end; i++) result[i] = levels[i - from]! * step;
    start = end;
  }
}

function decodeFixed(body: Uint8Array, start: number, norms: Float32Array, settings: Settings, result: Vector): void {
  const { levels: top } = settings;
  const reader = new BitReader(body, start);
  let greatest = 0;
  for (let from = 0; from < result.length; from += COINS_CHUNK) {
    const to = Math.min(result.length, from + COINS_CHUNK);
    greatest = Math.max(greatest, reader.readAll(chunkLevels, to - from, top, fixedWidth(top)));
    scaleLevels(chunkLevels, from, to, norms, settings, result);
  }
  if (greatest > 2 * top) malformed(NAME, `a level is beyond ${top}`);
  if (reader.overrun || !reader.finish().clean) malformed(NAME, 'the levels do not end where the bytes do');
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

const qsgd = defineCodec({
  name: NAME,
  summary: 'Levels of a norm by a coin, per bucket',
  settings: defineSettings({
    levels: count(16, 's: levels above zero', 32767),
    bucket: count(512, 'Entries that share a norm', 2147483647),
    norm: oneOf(['l2', 'max'], 'l2', 'What a bucket is divided by'),
    coding: oneOf(['fixed', 'entropy'], 'fixed', 'Equal bits for each level, or a range code near their entropy'),
  }),
  create(settings): Codec {
    const { levels: s, bucket: b } = settings;
    return {
      name: NAME,
      contract: 'unbiased',
      omega: settings.norm === 'max' ? b / (4 * s * s) : Math.min(b / (s * s), Math.sqrt(b) / s),
      encode: (value, rng) => encode(value, settings, rng),
      decode: (body, length, precision, into) => decode(body, length, settings, precision, into),
      expectedSquaredError: (value) => quantizationError(value, settings),
      ...(settings.coding === 'fixed' && {
        encodedBytes: (length: number) => fixedBytes(length, settings),
      }),
    };
  },
});

export default qsgd;

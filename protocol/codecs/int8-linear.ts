import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { count, oneOf } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { blockScales, fillScales, readScales, scaleBytes } from './bits/block-scales.js';
import { expectBytes, largestMagnitude, malformed, newBody, notFinite, resultOf, wordsOf } from './bits/body.js';
import { COINS_CHUNK, Coins, coinScratch } from './bits/coins.js';
import { type BodyRoom, type Codec, defineCodec } from './codec.js';
import { kernelsFor, SIMD_CHUNK } from './simd/kernels.js';

/**
 * Eight bits an entry on a uniform grid: a = max |x| of the block, q = 127 x / a rounded to an integer, back as q a / 127.
 * Body: ceil(d / block) float32 scales, then d signed bytes; 8 d + 32 ceil(d / block) bits.
 *
 * rounding 'nearest': error of an entry <= a / 254, contractive, 1 - delta <= block / 64516. 'stochastic': floor(127 x / a + u)
 * with u uniform; unbiased, omega <= block / 64516, exactly sum p (1 - p) (a / 127)^2 / |x|^2.
 */
const NAME = 'int8-linear';
const LEVELS = 127;

function quantizeNearest(value: ReadonlyVector, from: number, to: number, inverse: number, into: Int8Array): void {
  // The shift makes every summand positive, where dropping the fraction is rounding down.
  for (let i = from; i < to; i++) into[i] = ((value[i]! * inverse + 128.5) | 0) - 128;
}

/** The coin of entry i is word i - base of the scratch. */
function quantizeAtRandom(
  value: ReadonlyVector,
  from: number,
  to: number,
  inverse: number,
  into: Int8Array,
  base: number,
): void {
  for (let i = from; i < to; i++)
    into[i] = ((value[i]! * inverse + LEVELS + coinScratch[i - base]! * 2.3283064365386963e-10) | 0) - LEVELS;
}

/** As many whole blocks as the vector unit takes: those that its buffers hold whole. Returns how many. */
function quantizeBySimd(
  value: ReadonlyVector,
  block: number,
  coins: Coins | null,
  scales: Float32Array,
  levels: Int8Array,
): number {
  const { length } = value;
  const fits = value.BYTES_PER_ELEMENT === 4 && block % 4 === 0 && SIMD_CHUNK % block === 0;
  const words = wordsOf(value);
  const simd = fits ? kernelsFor(length, words.buffer) : null;
  if (!simd) return 0;
  const most = (simd.holds(words) ? 4 * SIMD_CHUNK : SIMD_CHUNK) / block;
  const bytes = new Uint8Array(levels.buffer, levels.byteOffset, length);
  const blocks = Math.floor(length / block);
  if (coins) simd.coins.set(coins.state);
  let greatest = 0;
  for (let done = 0; done < blocks; ) {
    const count = Math.min(most, blocks - done);
    const from = done * block;
    const at = simd.place(words, from, count * block);
    greatest = Math.max(greatest, simd.quantizeInt8(at, count * block, block, coins ? 1 : 0));
    scales.set(simd.secondFloats.subarray(0, count), done);
    bytes.set(simd.outputBytes.subarray(0, count * block), from);
    done += count;
  }
  if (coins) coins.state.set(simd.coins);
  if (greatest >= 0x7f800000) notFinite(NAME, 'an entry is NaN or infinite; only finite numbers can be sent');
  return blocks;
}

function encode(value: ReadonlyVector, block: number, rng: Rng | null, room: BodyRoom = newBody): Uint8Array {
  const { length } = value;
  const body = room(scaleBytes(length, block) + length);
  const scales = new Float32Array(body.buffer, 0, Math.ceil(length / block));
  const levels = new Int8Array(body.buffer, scales.byteLength, length);
  const coins = rng && new Coins(rng);
  const done = quantizeBySimd(value, block, coins, scales, levels);
  fillScales(NAME, value, block, largestMagnitude, scales, done);
  let base = done * block - COINS_CHUNK;
  for (let from = done * block; from < length; ) {
    const b = Math.floor(from / block);
    // Pieces end where a block ends or where the coins do.
    let to = Math.min(length, (b + 1) * block);
    if (coins) {
      if (from === base + COINS_CHUNK) coins.fill(coinScratch, Math.min(COINS_CHUNK, length - (base = from)));
      to = Math.min(to, base + COINS_CHUNK);
    }
    const scale = scales[b]!;
    if (scale > 0) (coins ? quantizeAtRandom : quantizeNearest)(value, from, to, LEVELS / scale, levels, base);
    else levels.fill(0, from, to);
    from = to;
  }
  return body;
}

function decode(body: Uint8Array, length: number, block: number, precision: Precision, into?: Vector): Vector {
  expectBytes(NAME, body, scaleBytes(length, block) + length);
  const scales = readScales(NAME, body, length, block);
  const levels = new Int8Array(body.buffer, body.byteOffset + scaleBytes(length, block), length);
  const result = resultOf(length, precision, into);
  let least = 0;
  for (let b = 0; b < scales.length; b++) {
    const step = scales[b]! / LEVELS;
    const to = Math.min(length, (b + 1) * block);
    for (let i = b * block; i < to; i++) {
      const level = levels[i]!;
      if (level < least) least = level;
      result[i] = level * step;
    }
  }
  if (least < -LEVELS) malformed(NAME, 'a level is -128; levels are in [-127, 127]');
  return result;
}

function roundingError(value: ReadonlyVector, block: number): number {
  const scales = blockScales(NAME, value, block);
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const scale = scales[Math.floor(i / block)]!;
    if (scale === 0) continue;
    const level = (value[i]! / scale) * LEVELS;
    const share = level - Math.floor(level);
    sum += share * (1 - share) * (scale / LEVELS) ** 2;
  }
  return sum;
}

const int8Linear = defineCodec({
  name: NAME,
  summary: 'Eight bits a number on a uniform grid',
  settings: defineSettings({
    block: count(256, 'Entries that share a scale', 2147483647),
    rounding: oneOf(['nearest', 'stochastic'], 'nearest', 'To the nearest number, or at random without bias'),
  }),
  create({ block, rounding }): Codec {
    const common = {
      name: NAME,
      decode: (body, length, precision, into) => decode(body, length, block, precision, into),
      encodedBytes: (length) => scaleBytes(length, block) + length,
    } satisfies Partial<Codec>;
    if (rounding === 'nearest')
      return { ...common, contract: 'contractive', encode: (value, _rng, room) => encode(value, block, null, room) };
    return {
      ...common,
      contract: 'unbiased',
      omega: block / 64516,
      encode: (value, rng, room) => encode(value, block, rng, room),
      expectedSquaredError: (value) => roundingError(value, block),
    };
  },
});

export default int8Linear;

import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { squaredNorm } from '../numerics/vector.js';
import { flag } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { expectBytes, notFinite, refuseNotFinite, resultOf } from './bits/body.js';
import { keptCount, keptSettings, scatter } from './bits/kept-values.js';
import { randomSubset } from './bits/random-subset.js';
import { type Codec, defineCodec } from './codec.js';
import identity from './identity.js';

/**
 * k entries drawn uniformly, as a seed and their values: 64 + 32 k bits in float32 runs (64 k in float64), no indices.
 * `scaled`: values times d / k, unbiased, omega = d / k - 1 exactly. Otherwise as they are: expected error (1 - k / d) |x|^2
 * exactly, delta = k / d. k is `count`, or ceil(fraction d) where count is null.
 *
 * Body: two seed words, then the values in order of index. Sums over senders stay sparse only if all use the same seed: give
 * the codec a stream that they share.
 */
const NAME = 'random-k';

interface Settings {
  readonly scaled: boolean;
  keptOf(length: number): number;
}

const values = identity.create({});

function sizeOf(length: number, kept: number, precision: Precision = 'float32'): number {
  return length === 0 ? 0 : 8 + kept * (precision === 'float32' ? 4 : 8);
}

function encode(value: ReadonlyVector, { scaled, keptOf }: Settings, rng: Rng): Uint8Array {
  const { length } = value;
  if (length === 0) return new Uint8Array(0);
  refuseNotFinite(NAME, value);
  const kept = keptOf(length);
  const seed = rng.words(new Uint32Array(2));
  const body = new Uint8Array(8 + kept * value.BYTES_PER_ELEMENT);
  new Uint32Array(body.buffer, 0, 2).set(seed);
  const sent = value.BYTES_PER_ELEMENT === 4 ? new Float32Array(body.buffer, 8) : new Float64Array(body.buffer, 8);
  const factor = scaled ? length / kept : 1;
  const indices = randomSubset(seed[0]!, seed[1]!, kept, length);
  for (let j = 0; j < kept; j++) {
    sent[j] = value[indices[j]!]! * factor;
    if (!Number.isFinite(sent[j]!))
      notFinite(NAME, `entry ${indices[j]} times ${factor} is beyond the run's precision`);
  }
  return body;
}

function decode(body: Uint8Array, length: number, { keptOf }: Settings, precision: Precision, into?: Vector): Vector {
  const kept = keptOf(length);
  expectBytes(NAME, body, sizeOf(length, kept, precision));
  if (length === 0) return resultOf(0, precision, into);
  const sent = values.decode(body.subarray(8), kept, precision);
  const seed = new DataView(body.buffer, body.byteOffset);
  const indices = randomSubset(seed.getUint32(0, true), seed.getUint32(4, true), kept, length);
  return scatter(sent, indices, length, precision, into);
}

const randomK = defineCodec({
  name: NAME,
  summary: 'k entries drawn at random, as a seed and their values',
  settings: defineSettings({ ...keptSettings, scaled: flag(true, 'Values times d / k, which makes it unbiased') }),
  create({ scaled, ...kept }): Codec {
    const { ratio, keptOf } = keptCount(kept);
    const settings: Settings = { scaled, keptOf };
    const common = {
      name: NAME,
      encode: (value, rng) => encode(value, settings, rng),
      decode: (body, length, precision, into) => decode(body, length, settings, precision, into),
      encodedBytes: (length, precision) => sizeOf(length, keptOf(length), precision),
    } satisfies Partial<Codec>;
    const lost = (length: number) => length - keptOf(length);
    if (scaled)
      return {
        ...common,
        contract: 'unbiased',
        omega: ratio > 0 ? 1 / ratio - 1 : Infinity,
        expectedSquaredError: (value) =>
          value.length === 0 ? 0 : (lost(value.length) / keptOf(value.length)) * squaredNorm(value),
      };
    return {
      ...common,
      contract: 'contractive',
      expectedSquaredError: (value) =>
        value.length === 0 ? 0 : (lost(value.length) / value.length) * squaredNorm(value),
    };
  },
});

export default randomK;

import type { Precision, ReadonlyVector, Vector } from '../method.js';
import { defineSettings } from '../settings/settings.js';
import { expectBytes, isEverywhereFinite, notFinite, refuseNotFinite } from './bits/body.js';
import { type Codec, defineCodec } from './codec.js';

/**
 * The numbers as they are, at the run's precision: 4 d or 8 d bytes. Decoding gives a view of the body where it is aligned:
 * a receiver that keeps the vector beyond the message must copy it.
 */
function decode(body: Uint8Array, length: number, precision: Precision, into?: Vector): Vector {
  const size = precision === 'float32' ? 4 : 8;
  expectBytes('identity', body, length * size);
  const aligned = body.byteOffset % size === 0;
  const { buffer, byteOffset } = aligned ? body : body.slice();
  const start = aligned ? byteOffset : 0;
  const view = size === 4 ? new Float32Array(buffer, start, length) : new Float64Array(buffer, start, length);
  if (!isEverywhereFinite(view)) notFinite('identity', 'a number on the wire is NaN or infinite');
  if (into === undefined) return view;
  into.set(view);
  return into;
}

function encode(value: ReadonlyVector): Uint8Array {
  refuseNotFinite('identity', value);
  const vector = value as Vector;
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).slice();
}

const codec: Codec = {
  name: 'identity',
  contract: 'lossless',
  encode,
  decode,
  encodedBytes: (length, precision) => length * (precision === 'float64' ? 8 : 4),
};

const identity = defineCodec({
  name: 'identity',
  summary: 'The bytes of the vector as they are',
  settings: defineSettings({}),
  create: () => codec,
});

export default identity;

import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { atLeastZero } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { malformed, refuseNotFinite } from './bits/body.js';
import { gather, scatter, sparseError } from './bits/kept-values.js';
import { planIndices, readIndices, writeIndices } from './bits/sparse-indices.js';
import { type Codec, defineCodec } from './codec.js';
import { buildCodec, codec } from './registry.js';

/**
 * All entries with |x| > `absolute`. With exact values the error is the sum of squares of the others, at most d absolute^2
 * whatever x: an absolute contract, not a contractive one. With a lossy nested codec there is none. Body: the number of
 * entries (4 bytes), their indices (sparse-indices.ts), then the nested body.
 */
const NAME = 'threshold';

function largerThan(value: ReadonlyVector, bound: number): Uint32Array {
  let count = 0;
  for (let i = 0; i < value.length; i++) if (value[i]! > bound || value[i]! < -bound) count++;
  const indices = new Uint32Array(count);
  for (let i = 0, j = 0; i < value.length; i++) if (value[i]! > bound || value[i]! < -bound) indices[j++] = i;
  return indices;
}

function encode(value: ReadonlyVector, bound: number, values: Codec, rng: Rng): Uint8Array {
  refuseNotFinite(NAME, value);
  const indices = largerThan(value, bound);
  const plan = planIndices(indices, value.length);
  const nested = values.encode(gather(value, indices), rng);
  const body = new Uint8Array(4 + plan.bytes + nested.length);
  new Uint32Array(body.buffer, 0, 1)[0] = indices.length;
  writeIndices(indices, plan, body, 4);
  body.set(nested, 4 + plan.bytes);
  return body;
}

function decode(body: Uint8Array, length: number, values: Codec, precision: Precision, into?: Vector): Vector {
  if (body.length < 4) malformed(NAME, `expected at least 4 bytes, got ${body.length}`);
  const count = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const { indices, end } = readIndices(NAME, body, 4, count, length);
  const kept = values.decode(body.subarray(end), count, precision);
  return scatter(kept, indices, length, precision, into);
}

const threshold = defineCodec({
  name: NAME,
  summary: 'The entries above a magnitude, their values in another codec',
  settings: defineSettings({
    absolute: atLeastZero(0.001, 'Entries of a larger magnitude are kept'),
    values: codec({ name: 'identity' }, 'Codec of the kept values'),
  }),
  create({ absolute, values: inner }): Codec {
    const values = buildCodec(inner);
    return {
      name: NAME,
      contract: values.contract === 'lossless' ? 'absolute' : 'none',
      encode: (value, rng) => encode(value, absolute, values, rng),
      decode: (body, length, precision, into) => decode(body, length, values, precision, into),
      ...(values.expectedSquaredError && {
        expectedSquaredError: (value: ReadonlyVector) => sparseError(value, largerThan(value, absolute), values),
      }),
    };
  },
});

export default threshold;

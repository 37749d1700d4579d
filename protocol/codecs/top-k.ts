import type { Precision, ReadonlyVector, Rng, Vector } from '../method.js';
import { defineSettings } from '../settings/settings.js';
import { contractOfKept, gather, keptCount, keptSettings, scatter, sparseError } from './bits/kept-values.js';
import { largestMagnitudes } from './bits/largest-magnitudes.js';
import { planIndices, readIndices, writeIndices } from './bits/sparse-indices.js';
import { type Codec, defineCodec } from './codec.js';
import { buildCodec, codec } from './registry.js';

/**
 * The k largest magnitudes, of equal ones the lower index, with coded indices and their values in a nested codec: k (32 +
 * index bits) bits with `values: { name: 'identity' }` in float32 runs; 'bf16' and 'int8-linear' halve and quarter the 32.
 * Error with exact values: 1 - kept energy <= 1 - k / d, never more than random-k on the same vector. k is `count`, or
 * ceil(fraction d) where count is null. Body: the indices (sparse-indices.ts), then the nested body.
 */
const NAME = 'top-k';

interface Settings {
  readonly values: Codec;
  keptOf(length: number): number;
}

function encode(value: ReadonlyVector, { values, keptOf }: Settings, rng: Rng): Uint8Array {
  const { length } = value;
  const indices = largestMagnitudes(NAME, value, keptOf(length));
  const plan = planIndices(indices, length);
  const nested = values.encode(gather(value, indices), rng);
  const body = new Uint8Array(plan.bytes + nested.length);
  writeIndices(indices, plan, body, 0);
  body.set(nested, plan.bytes);
  return body;
}

function decode(body: Uint8Array, length: number, settings: Settings, precision: Precision, into?: Vector): Vector {
  const { indices, end } = readIndices(NAME, body, 0, settings.keptOf(length), length);
  const kept = settings.values.decode(body.subarray(end), indices.length, precision);
  return scatter(kept, indices, length, precision, into);
}

const topK = defineCodec({
  name: NAME,
  summary: 'The k largest magnitudes, their values in another codec',
  settings: defineSettings({ ...keptSettings, values: codec({ name: 'identity' }, 'Codec of the kept values') }),
  create({ values: inner, ...kept }): Codec {
    const values = buildCodec(inner);
    const settings: Settings = { values, keptOf: keptCount(kept).keptOf };
    return {
      name: NAME,
      contract: contractOfKept(values),
      encode: (value, rng) => encode(value, settings, rng),
      decode: (body, length, precision, into) => decode(body, length, settings, precision, into),
      ...(values.expectedSquaredError && {
        expectedSquaredError: (value: ReadonlyVector) =>
          sparseError(value, largestMagnitudes(NAME, value, settings.keptOf(value.length)), values),
      }),
    };
  },
});

export default topK;

import { expect } from 'chai';
import fc from 'fast-check';
import type { Codec } from '../../protocol/codecs/codec.js';
import { loadCodec } from '../../protocol/codecs/registry.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Precision } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { INPUTS, stream } from '../../scenarios/check/parts/codec-inputs.js';
import { everyCodecSpec } from '../support/codec-specs.js';

interface Sample {
  readonly codec: Codec;
  readonly body: Uint8Array;
  readonly length: number;
  readonly precision: Precision;
}

async function samples(): Promise<readonly Sample[]> {
  const result: Sample[] = [];
  for (const spec of await everyCodecSpec()) {
    const codec = await loadCodec(spec);
    for (const precision of ['float32', 'float64'] as const)
      for (const length of [0, 1, 7, 40])
        for (const input of ['gaussian', 'sparse']) {
          const body = codec.encode(INPUTS[input]!(length, precision), stream(length));
          result.push({ codec, body, length, precision });
        }
  }
  return result;
}

type Edit = readonly [kind: number, at: number, byte: number];

/** Flips, overwrites, cuts, appends, repeats or inserts. */
function mutate(body: Uint8Array, edits: readonly Edit[]): Uint8Array {
  let bytes = Array.from(body);
  for (const [kind, place, byte] of edits) {
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    if (kind === 0 && bytes.length > 0) bytes[at]! ^= 1 << (byte & 7);
    else if (kind === 1 && bytes.length > 0) bytes[at] = byte;
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes.push(byte);
    else if (kind === 4) bytes = [...bytes.slice(0, at), ...bytes.slice(at, at + 9), ...bytes.slice(at)];
    else if (kind === 5) bytes.splice(at, 1);
    else if (kind === 6 && bytes.length > 3) bytes.splice(at - (at % 4), 4, 0xff, 0xff, 0xff, byte);
  }
  return Uint8Array.from(bytes);
}

describe('hostile codec bytes', () => {
  it('120,000 mutated messages over all codecs: a whole finite vector, or ERR_CODEC_MALFORMED or _NOT_FINITE (seed 11)', async function () {
    this.timeout(60_000);
    const all = await samples();
    let refused = 0;
    let accepted = 0;
    const edit = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.nat(400), fc.nat(255));
    fc.assert(
      fc.property(fc.nat(all.length - 1), fc.array(edit, { minLength: 1, maxLength: 3 }), (which, edits) => {
        const { codec, body, length, precision } = all[which]!;
        try {
          const decoded = codec.decode(mutate(body, edits), length, precision);
          accepted++;
          if (decoded.length !== length) return false;
          for (let i = 0; i < length; i++) if (!Number.isFinite(decoded[i]!)) return false;
          return true;
        } catch (error) {
          refused++;
          return (
            error instanceof GradswarmError &&
            (error.code === 'ERR_CODEC_MALFORMED' || error.code === 'ERR_CODEC_NOT_FINITE')
          );
        }
      }),
      { numRuns: 120_000, seed: 11 },
    );
    // Neither all refused (nothing decoded would be tried) nor all accepted (the checks would be idle).
    expect(refused).to.be.above(20_000);
    expect(accepted).to.be.above(10_000);
  });

  it('sign bits after the last entry are refused where they are set, of 1 to 9 and of 17 entries', async () => {
    for (const name of ['scaled-sign', 'one-bit', 'natural'])
      for (const length of [1, 2, 3, 4, 5, 6, 7, 9, 17]) {
        const codec = await loadCodec({ name });
        const body = codec.encode(new Float32Array(length).fill(-1), rootStream(1, 'float32'));
        for (let bit = length % 8; bit < 8; bit++) {
          const dirty = body.slice();
          dirty[dirty.length - 1] = dirty.at(-1)! | (1 << bit);
          expect(() => codec.decode(dirty, length, 'float32'), `${name} of ${length}, bit ${bit}`).to.throw(
            'bits after the last sign are not zero',
          );
        }
      }
  });

  it('refuses every proper prefix of every message, and one byte more', async () => {
    for (const { codec, body, length, precision } of await samples()) {
      for (let cut = 0; cut < body.length; cut++)
        expect(() => codec.decode(body.subarray(0, cut), length, precision), `${codec.name}, ${cut} bytes`).to.throw(
          GradswarmError,
        );
      const longer = new Uint8Array(body.length + 1);
      longer.set(body);
      expect(() => codec.decode(longer, length, precision), `${codec.name}, one byte more`).to.throw(GradswarmError);
    }
  });

  it('a count of 2^32 - 1 in four bytes, for a vector of 2^31 numbers, is refused without allocating for it', async () => {
    const codec = await loadCodec({ name: 'threshold' });
    const body = Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0x08, 0, 0, 0);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => codec.decode(body, 2 ** 31, 'float32')).to.throw(/^ERR_CODEC_MALFORMED/);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(1e6);
  });
});

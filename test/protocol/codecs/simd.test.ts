import { expect } from 'chai';
import { bySegment } from '../../../protocol/codecs/bits/by-segment.js';
import type { CodecSpec } from '../../../protocol/codecs/codec.js';
import { loadCodec } from '../../../protocol/codecs/registry.js';
import { kernelsFor, useSimd } from '../../../protocol/codecs/simd/kernels.js';
import { moduleVector } from '../../../protocol/numerics/simd/module-vectors.js';
import { zeros } from '../../../protocol/numerics/vector.js';
import { gaussian, heavyTailed, stream } from '../../../scenarios/check/parts/codec-inputs.js';

const SPECS: readonly CodecSpec[] = [
  { name: 'identity' },
  { name: 'bf16' },
  { name: 'int8-linear', block: 4 },
  { name: 'int8-linear', block: 256 },
  { name: 'int8-linear', block: 16384 },
  { name: 'int8-linear', rounding: 'stochastic' },
  { name: 'int8-linear', block: 1024, rounding: 'stochastic' },
  { name: 'int8-linear', block: 100, rounding: 'stochastic' },
  { name: 'scaled-sign' },
  { name: 'one-bit' },
  { name: 'natural' },
  { name: 'terngrad' },
  { name: 'terngrad', clip: 1.5 },
  { name: 'qsgd' },
  { name: 'qsgd', levels: 1000, bucket: 1000, norm: 'max', coding: 'entropy' },
  { name: 'qsgd', levels: 3, bucket: 30 },
  { name: 'bf16', rounding: 'stochastic' },
  { name: 'top-k', fraction: 0.01 },
  { name: 'top-k', count: 5 },
];

/** A large vector in a WebAssembly memory, of which others are the first part. */
const inModule = moduleVector(2 ** 18 + 8);

function hard(length: number): Float32Array {
  const special = [0, -0, 2 ** -149, -(2 ** -149), 1e-40, 2 ** -126, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 0.5, -0.5, 1e30];
  return heavyTailed(length, 'float32').map((x: number, i: number) =>
    i % 3 === 0 ? special[i % special.length]! : x,
  ) as Float32Array;
}

describe('protocol/codecs/simd', () => {
  afterEach(() => useSimd(true));

  it('is there on this engine, for vectors that are long enough only, and can be turned off', () => {
    expect(kernelsFor(5000)).to.not.equal(null);
    expect(kernelsFor(100)).to.equal(null);
    useSimd(false);
    expect(kernelsFor(5000)).to.equal(null);
  });

  it('works on a large vector in a WebAssembly memory where it lies, and on copies of any other', () => {
    const words = (vector: Float32Array) => new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
    const own = words(inModule);
    expect(kernelsFor(own.length, own.buffer)!.place(own, 10, 5)).to.equal(own.byteOffset + 40);
    expect(kernelsFor(own.length, own.buffer)).to.equal(kernelsFor(5000, own.buffer));
    const other = words(Float32Array.of(1, 2, 3));
    for (const kernels of [kernelsFor(5000)!, kernelsFor(5000, own.buffer)!]) {
      kernels.place(other, 1, 2);
      expect([...kernels.input.subarray(0, 2)]).to.deep.equal([...other.subarray(1)]);
    }
    useSimd(false);
    expect(kernelsFor(5000, own.buffer)).to.equal(null);
  });

  for (const spec of [{ name: 'bf16' }, { name: 'int8-linear', rounding: 'stochastic' }, { name: 'scaled-sign' }])
    it(`gives the bytes of the plain loops for what takes several calls in place: ${JSON.stringify(spec)}`, async () => {
      const codec = await loadCodec(spec);
      const { length } = inModule;
      inModule.set(hard(length));
      useSimd(false);
      const body = codec.encode(inModule.slice(), stream(3));
      useSimd(true);
      expect(Buffer.compare(codec.encode(inModule, stream(3)), body)).to.equal(0);
      inModule[length - 9] = Number.NaN;
      expect(() => codec.encode(inModule, stream(3))).to.throw(/^ERR_CODEC_NOT_FINITE/);
    });

  it('cuts what is one unit in the last place below an integer, and an integer, as the plain loop of int8-linear does', async () => {
    const scales = 2000;
    const value = new Float32Array(256 * scales);
    let below = 0;
    let whole = 0;
    for (let m = 1; m <= scales; m++)
      for (let i = 0; i < 256; i++) {
        const x = i === 0 ? 127 * m : (i % 2 ? -m : m) * (i >>> 1) + (i % 3 ? -m / 2 : 0);
        const sum = x * (127 / (127 * m)) + 128.5;
        value[256 * (m - 1) + i] = x;
        if (sum === Math.round(sum)) whole++;
        else if (Math.round(sum) - sum > 0 && Math.round(sum) - sum < 2 ** -45) below++;
      }
    expect(below).to.be.at.least(1000);
    expect(whole).to.be.at.least(1000);
    for (const rounding of ['nearest', 'stochastic']) {
      const codec = await loadCodec({ name: 'int8-linear', rounding });
      useSimd(false);
      const body = codec.encode(value, stream(3));
      useSimd(true);
      expect(Buffer.compare(codec.encode(value, stream(3)), body), rounding).to.equal(0);
    }
  });

  for (const spec of [...SPECS, { name: 'fp16' }, { name: 'fp16', rounding: 'stochastic' }, { name: 'int8-dynamic' }])
    it(`writes all of a body, whatever its memory held: ${JSON.stringify(spec)}`, async () => {
      const parts = [{ name: 'a', shape: [2000], offset: 0, module: 'a' }];
      const whole = await loadCodec(spec);
      for (const codec of [whole, bySegment(whole, parts)])
        for (const length of [0, 7, 2000, 40_001])
          for (const precision of ['float32', 'float64'] as const)
            for (const value of [gaussian(length, precision), zeros(length, precision)]) {
              const body = codec.encode(value, stream(3, precision));
              const room = (bytes: number) => new Uint8Array(bytes).fill(0xff);
              expect(Buffer.compare(codec.encode(value, stream(3, precision), room), body), `${length}`).to.equal(0);
            }
    });

  for (const spec of SPECS)
    it(`gives the bytes and numbers of the plain loops: ${JSON.stringify(spec)}`, async () => {
      const codec = await loadCodec(spec);
      for (const length of [2048, 2049, 4095, 16384, 16399, 40_001]) {
        const constant = new Float32Array(length).fill(3);
        for (const value of [gaussian(length, 'float32'), hard(length), constant, new Float32Array(length)]) {
          const shifted = new Float32Array(length + 1).subarray(1);
          shifted.set(value);
          const inPlace = inModule.subarray(1, 1 + length);
          inPlace.set(value);
          useSimd(false);
          const body = codec.encode(value, stream(3));
          const decoded = codec.decode(body, length, 'float32').slice();
          useSimd(true);
          expect(Buffer.compare(codec.encode(value, stream(3)), body), `${length}`).to.equal(0);
          expect(Buffer.compare(codec.encode(shifted, stream(3)), body), `${length}, shifted`).to.equal(0);
          expect(Buffer.compare(codec.encode(inPlace, stream(3)), body), `${length}, in a module`).to.equal(0);
          expect(
            inPlace.every((x, i) => Object.is(x, value[i])),
            `${length}, not written to`,
          ).to.equal(true);
          const again = codec.decode(body, length, 'float32');
          expect(
            Buffer.compare(new Uint8Array(again.buffer, again.byteOffset, 4 * length), new Uint8Array(decoded.buffer)),
          ).to.equal(0);
        }
      }
    });

  it('refuses NaN and infinities at every place of a long vector that an edge could hide', async () => {
    for (const spec of SPECS) {
      const codec = await loadCodec(spec);
      for (const bad of [Number.NaN, -Number.NaN, Infinity, -Infinity])
        for (const at of [0, 5, 16383, 16384, 16390, 16399, 16400]) {
          const value = gaussian(16_401, 'float32');
          value[at] = bad;
          expect(() => codec.encode(value, stream(1)), `${spec.name}, ${at}`).to.throw(/^ERR_CODEC_NOT_FINITE/);
        }
    }
  });

  it('a NaN with its sign bit and all other bits set, which adding to its word would wrap, is refused by bf16', async () => {
    const codec = await loadCodec({ name: 'bf16' });
    for (const length of [3, 5000]) {
      const words = new Uint32Array(length);
      words[1] = 0xffffffff;
      expect(() => codec.encode(new Float32Array(words.buffer), stream(1))).to.throw(/^ERR_CODEC_NOT_FINITE/);
    }
  });
});

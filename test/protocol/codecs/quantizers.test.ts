import { expect } from 'chai';
import type { CodecSpec } from '../../../protocol/codecs/codec.js';
import { DYNAMIC_CODE } from '../../../protocol/codecs/int8-dynamic.js';
import { loadCodec } from '../../../protocol/codecs/registry.js';
import type { Vector } from '../../../protocol/method.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { gaussian, heavyTailed, squaredError, stream } from '../../../scenarios/check/parts/codec-inputs.js';

const LENGTH = 200_000;

async function roundTrip(spec: CodecSpec, value: Vector, seed = 1): Promise<Vector> {
  const precision = value.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64';
  const codec = await loadCodec(spec);
  return codec.decode(codec.encode(value, stream(seed)), value.length, precision);
}

async function relativeError(spec: CodecSpec, value: Vector): Promise<number> {
  return squaredError(await roundTrip(spec, value), value) / squaredNorm(value);
}

describe('protocol/codecs: quantizers', () => {
  const normal = gaussian(LENGTH, 'float32');
  const heavy = heavyTailed(LENGTH, 'float32');

  it('measured squared errors of the literature table, Gaussian | Laplace^3, 200,000 entries, come back', async () => {
    // [spec, Gaussian, heavy tail, tolerance of the heavy one]: heavy-tailed figures depend on a few entries.
    const rows: readonly (readonly [CodecSpec, number, number, number])[] = [
      [{ name: 'scaled-sign' }, 0.363, 0.948, 0.01],
      [{ name: 'int8-linear', block: 64 }, 3.5e-5, 1.3e-4, 0.2],
      [{ name: 'int8-linear', block: 256 }, 4.8e-5, 3.7e-4, 0.2],
      [{ name: 'int8-linear', block: 4096 }, 7.5e-5, 1.8e-3, 0.2],
      [{ name: 'int8-dynamic', block: 64 }, 9.0e-5, 6.1e-5, 0.2],
      [{ name: 'int8-dynamic', block: 256 }, 1.2e-4, 1.0e-4, 0.2],
      [{ name: 'int8-dynamic', block: 4096 }, 1.7e-4, 2.4e-4, 0.2],
      [{ name: 'natural' }, 0.0817, 0.0837, 0.2],
    ];
    for (const [spec, onNormal, onHeavy, tolerance] of rows) {
      const label = JSON.stringify(spec);
      expect(await relativeError(spec, normal), label).to.be.closeTo(onNormal, 0.04 * onNormal);
      expect(await relativeError(spec, heavy), label).to.be.closeTo(onHeavy, tolerance * onHeavy);
    }
  });

  it('sizes are those of the table: 16 d, 8 d + 32 per block, 1.6 d + 32, 9 d, d + 32, d + 64 bits (d = 1,000)', async () => {
    const bits = async (spec: CodecSpec) => 8 * (await loadCodec(spec)).encodedBytes!(1000);
    expect(await bits({ name: 'bf16' })).to.equal(16_000);
    expect(await bits({ name: 'fp16' })).to.equal(16_000);
    expect(await bits({ name: 'int8-linear', block: 256 })).to.equal(8000 + 32 * 4);
    expect(await bits({ name: 'int8-dynamic', block: 300 })).to.equal(8000 + 32 * 4);
    expect(await bits({ name: 'terngrad' })).to.equal(1600 + 32);
    expect(await bits({ name: 'natural' })).to.equal(9000);
    expect(await bits({ name: 'scaled-sign' })).to.equal(1000 + 32);
    expect(await bits({ name: 'one-bit' })).to.equal(1000 + 64);
    expect(await bits({ name: 'qsgd', levels: 16, bucket: 250 })).to.equal(6 * 1000 + 32 * 4);
    expect(await bits({ name: 'random-k', count: 30 })).to.equal(32 * 30 + 64);
  });

  it('bf16: ties to even, clamps instead of overflowing, keeps the sign of zero', async () => {
    const one = 1;
    const half = 2 ** -8;
    // 1 + 2^-8 lies between 1 and 1 + 2^-7 (odd pattern): down. 1 + 3 * 2^-8 lies above an odd one: up.
    const value = Float32Array.of(one + half, one + 3 * half, -one - half, 3.4e38, -3.4e38, -0, 2 ** -133);
    const expected = [1, 1 + 4 * half, -1, 3.3895313892515355e38, -3.3895313892515355e38, -0, 2 ** -133];
    expect(Array.from(await roundTrip({ name: 'bf16' }, value))).to.deep.equal(expected);
    expect(Array.from(await roundTrip({ name: 'bf16' }, Float64Array.from(value)))).to.deep.equal(expected);
  });

  it('bf16 and fp16 of float64 round once: a number just above a tie that float32 would round onto it goes up', async () => {
    expect((await roundTrip({ name: 'bf16' }, Float64Array.of(1 + 2 ** -8 + 2 ** -40)))[0]).to.equal(1 + 2 ** -7);
    expect((await roundTrip({ name: 'fp16' }, Float64Array.of(1 + 2 ** -11 + 2 ** -40)))[0]).to.equal(1 + 2 ** -10);
  });

  it('fp16: known patterns, relative error <= 2^-11 from 2^-14 to 65504, absolute <= 2^-25 below, clamped above', async () => {
    const codec = await loadCodec({ name: 'fp16' });
    const known: readonly (readonly [number, number])[] = [
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519, 0x7bff],
      [1e9, 0x7bff],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1.5 * 2 ** -24, 0x0002],
      [1 / 3, 0x3555],
      [-0, 0x8000],
    ];
    for (const [x, pattern] of known)
      for (const value of [Float32Array.of(x), Float64Array.of(x)]) {
        const body = codec.encode(value, stream(1));
        expect(body[0]! + 256 * body[1]!, `${x}`).to.equal(pattern);
      }
    const value = gaussian(20_000, 'float32').map((x: number, i: number) => x * 2 ** ((i % 44) - 30)) as Vector;
    const decoded = await roundTrip({ name: 'fp16' }, value);
    for (let i = 0; i < value.length; i++) {
      const magnitude = Math.abs(value[i]!);
      if (magnitude > 65504) expect(Math.abs(decoded[i]!)).to.equal(65504);
      else expect(Math.abs(decoded[i]! - value[i]!)).to.be.at.most(Math.max(2 ** -11 * magnitude, 2 ** -25));
    }
  });

  it('every 16-bit pattern of bf16 and fp16 that is finite decodes and encodes back to itself; the others are refused', async () => {
    for (const name of ['bf16', 'fp16']) {
      const codec = await loadCodec({ name });
      for (let pattern = 0; pattern < 65536; pattern++) {
        const body = Uint8Array.of(pattern & 255, pattern >> 8);
        if ((pattern & 0x7fff) >= (name === 'bf16' ? 0x7f80 : 0x7c00))
          expect(() => codec.decode(body, 1, 'float32')).to.throw(/^ERR_CODEC_NOT_FINITE/);
        else if (pattern % 7 === 0) {
          expect(codec.encode(codec.decode(body, 1, 'float32'), stream(1))).to.deep.equal(body);
          expect(codec.encode(codec.decode(body, 1, 'float64'), stream(1))).to.deep.equal(body);
        }
      }
    }
  });

  it('rounding at random refuses what it could only reach with bias: 7e4 in fp16, 3.4e38 in bf16, 2^127.5 in natural', async () => {
    const cases: readonly (readonly [CodecSpec, number])[] = [
      [{ name: 'fp16', rounding: 'stochastic' }, 7e4],
      [{ name: 'bf16', rounding: 'stochastic' }, 3.4e38],
      [{ name: 'natural' }, 2 ** 127.5],
    ];
    for (const [spec, x] of cases) {
      const codec = await loadCodec(spec);
      for (const value of [Float32Array.of(1, x), Float64Array.of(1, x)])
        expect(() => codec.encode(value, stream(1))).to.throw(/^ERR_CODEC_NOT_FINITE/);
    }
  });

  it('int8-linear nearest: no entry is off by more than a / 254 (block 100, heavy tail)', async () => {
    const decoded = await roundTrip({ name: 'int8-linear', block: 100 }, heavy);
    for (let from = 0; from < LENGTH; from += 100) {
      let largest = 0;
      for (let i = from; i < from + 100; i++) largest = Math.max(largest, Math.abs(heavy[i]!));
      let worst = 0;
      for (let i = from; i < from + 100; i++) worst = Math.max(worst, Math.abs(decoded[i]! - heavy[i]!));
      expect(worst).to.be.at.most((largest / 254) * (1 + 1e-6));
    }
  });

  it('int8-dynamic: the code has 256 rising values, spacing 0.0140625 in the top decade, 1 but not -1', async () => {
    for (let i = 1; i < 256; i++) expect(DYNAMIC_CODE[i]!).to.be.above(DYNAMIC_CODE[i - 1]!);
    expect(DYNAMIC_CODE[255]).to.equal(1);
    expect(DYNAMIC_CODE[127]).to.equal(0);
    expect(DYNAMIC_CODE[0]).to.be.closeTo(-0.99296875, 1e-15);
    expect(DYNAMIC_CODE[254]! - DYNAMIC_CODE[253]!).to.be.closeTo(0.0140625, 1e-15);
    const decoded = await roundTrip({ name: 'int8-dynamic', block: 4 }, Float64Array.of(8, -8, 0, 1, -8, 1, 2, 3));
    expect([decoded[0], decoded[2]]).to.deep.equal([8, 0]);
    expect([decoded[1], decoded[4]]).to.deep.equal([-0.99296875 * 8, -0.99296875 * 8]);
  });

  it('int8-dynamic gives the nearest value of the code for 20,000 entries (against a search of all 256)', async () => {
    const value = heavyTailed(20_000, 'float64');
    const decoded = await roundTrip({ name: 'int8-dynamic', block: 20_000 }, value);
    let scale = 0;
    for (const x of value) scale = Math.max(scale, Math.abs(x));
    const sent = Math.fround(scale) < scale ? Math.fround(scale * (1 + 2 ** -23)) : Math.fround(scale);
    for (let i = 0; i < value.length; i++) {
      let nearest = Infinity;
      for (const entry of DYNAMIC_CODE) nearest = Math.min(nearest, Math.abs(entry * sent - value[i]!));
      expect(Math.abs(decoded[i]! - value[i]!)).to.be.closeTo(nearest, 1e-12 * scale);
    }
  });

  it('int8-dynamic beats int8-linear on the relative error of small entries: 0.16 against 0.79 (heavy tail, block 4096)', async () => {
    const relative = async (name: string) => {
      const decoded = await roundTrip({ name, block: 4096 }, heavy);
      let sum = 0;
      for (let i = 0; i < LENGTH; i++) sum += Math.abs(decoded[i]! - heavy[i]!) / Math.abs(heavy[i]!);
      return sum / LENGTH;
    };
    expect(await relative('int8-dynamic')).to.be.closeTo(0.16, 0.03);
    expect(await relative('int8-linear')).to.be.closeTo(0.79, 0.06);
  });

  it('the 8-bit codes pass the limits of a public library on N(0, 1): mse < 8e-4; the 16-bit ones < 1e-5', async () => {
    for (const name of ['int8-linear', 'int8-dynamic']) expect(await relativeError({ name }, normal)).to.be.below(8e-4);
    for (const name of ['fp16', 'bf16']) expect(await relativeError({ name }, normal)).to.be.below(1e-5);
    expect(await relativeError({ name: 'fp16' }, normal)).to.be.below(5e-8);
  });

  it('scaled-sign: error is |x|^2 - |x|_1^2 / d exactly; one-bit is never worse on the same split', async () => {
    for (const base of [normal, heavy]) {
      const value = Float64Array.from(base.subarray(0, 1001), (x) => x + 0.3);
      const sum = value.reduce((total, x) => total + Math.abs(x), 0);
      const expected = squaredNorm(value) - sum ** 2 / value.length;
      const ofSign = squaredError(await roundTrip({ name: 'scaled-sign' }, value), value);
      expect(ofSign).to.be.closeTo(expected, 1e-9 * expected);
      expect(squaredError(await roundTrip({ name: 'one-bit' }, value), value)).to.be.below(ofSign);
    }
  });

  it('a zero has no code of its own: 0 decodes as positive entries do, -0 as negative ones do', async () => {
    const value = Float64Array.of(0, -0, 3, -1);
    expect(Array.from(await roundTrip({ name: 'scaled-sign' }, value))).to.deep.equal([1, -1, 1, -1]);
    expect(Array.from(await roundTrip({ name: 'one-bit' }, value))).to.deep.equal([1.5, -0.5, 1.5, -0.5]);
  });

  it('without a memory scaled-sign moves a dead weight in every round, with error feedback it stays within one step', async () => {
    const gradient = Float64Array.of(4, 0);
    const moved = { plain: 0, remembered: 0, farthest: 0 };
    let error = Float64Array.of(0, 0);
    for (let round = 0; round < 50; round++) {
      moved.plain += (await roundTrip({ name: 'scaled-sign' }, gradient))[1]!;
      const corrected = gradient.map((entry, i) => entry + error[i]!);
      const sent = await roundTrip({ name: 'scaled-sign' }, corrected);
      error = corrected.map((entry, i) => entry - sent[i]!);
      moved.remembered += sent[1]!;
      moved.farthest = Math.max(moved.farthest, Math.abs(moved.remembered));
    }
    expect(moved.plain).to.equal(100);
    expect(moved.farthest).to.be.below(10);
  });

  it('one-bit sends the two means: (1, 2, 6) and (-1, -5) become 3 and -3', async () => {
    const decoded = await roundTrip({ name: 'one-bit' }, Float32Array.of(1, -1, 2, -5, 6));
    expect(Array.from(decoded)).to.deep.equal([3, -3, 3, -3, 3]);
  });

  it('terngrad: exact omega is m |x|_1 / |x|_2^2 - 1; clipped at 2.5 deviations no entry passes that bound', async () => {
    const codec = await loadCodec({ name: 'terngrad' });
    const value = normal.subarray(0, 5000);
    let largest = 0;
    let sum = 0;
    for (const x of value) {
      largest = Math.max(largest, Math.abs(x));
      sum += Math.abs(x);
    }
    const omega = (largest * sum) / squaredNorm(value) - 1;
    expect(codec.expectedSquaredError!(value) / squaredNorm(value)).to.be.closeTo(omega, 1e-6);
    expect(omega).to.be.at.most((Math.sqrt(5000) - 1) / 2);
    const clipped = await roundTrip({ name: 'terngrad', clip: 2.5 }, value);
    expect(Math.max(...clipped)).to.be.closeTo(2.5, 0.1);
  });

  it('terngrad counts what clipping moves: entries at the bound or 0 need no coin, and the error is that of the cut alone', async () => {
    // Of 0, 0, 0, 0, -5, 5 the standard deviation is 5 / sqrt 3, so that a clip of 1 cuts both.
    const value = Float64Array.of(0, 0, 0, 0, -5, 5);
    const codec = await loadCodec({ name: 'terngrad', clip: 1 });
    const cut = 5 - 5 / Math.sqrt(3);
    expect(codec.expectedSquaredError!(value)).to.be.closeTo(2 * cut ** 2, 1e-5);
    const decoded = Float64Array.from(await roundTrip({ name: 'terngrad', clip: 1 }, value));
    expect(decoded.reduce((sum, x, i) => sum + (x - value[i]!) ** 2, 0)).to.be.closeTo(2 * cut ** 2, 1e-5);
  });

  it('natural: every decoded magnitude is one of the two powers of two around the entry', async () => {
    for (const value of [heavy, Float64Array.from(heavy)]) {
      const decoded = await roundTrip({ name: 'natural' }, value);
      for (let i = 0; i < 5000; i++) {
        const ratio = decoded[i]! / value[i]!;
        expect(ratio).to.be.within(0.5, 2);
        expect(Math.log2(Math.abs(decoded[i]!)) % 1).to.equal(0);
      }
    }
  });

  it('int8-linear, stochastic: omega is block / 64516', async () => {
    const codec = await loadCodec({ name: 'int8-linear', block: 256, rounding: 'stochastic' });
    expect(codec.omega).to.equal(256 / 64516);
  });
});

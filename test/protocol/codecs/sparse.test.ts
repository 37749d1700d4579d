import { expect } from 'chai';
import fc from 'fast-check';
import { largestMagnitudes } from '../../../protocol/codecs/bits/largest-magnitudes.js';
import { randomSubset } from '../../../protocol/codecs/bits/random-subset.js';
import type { CodecSpec } from '../../../protocol/codecs/codec.js';
import { loadCodec } from '../../../protocol/codecs/registry.js';
import type { Vector } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { gaussian, heavyTailed, squaredError, stream } from '../../../scenarios/check/parts/codec-inputs.js';

/** By sorting: what the histogram must agree with. */
function bySorting(value: Vector, kept: number): Uint32Array {
  const order = Array.from(value.keys()).sort((a, b) => Math.abs(value[b]!) - Math.abs(value[a]!) || a - b);
  return Uint32Array.from(order.slice(0, kept)).sort();
}

async function encoded(spec: CodecSpec, value: Vector) {
  const codec = await loadCodec(spec);
  const precision = value.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64';
  const body = codec.encode(value, stream(1));
  return { codec, body, decoded: codec.decode(body, value.length, precision) };
}

describe('protocol/codecs: sparse codes', () => {
  it('largestMagnitudes agrees with sorting: ties, signs, zeros, few distinct values, both precisions (1,000 vectors)', () => {
    const entry = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), fc.nat(60), (entries, k) => {
        const kept = Math.min(k, entries.length);
        const double = Float64Array.from(entries);
        const single = Float32Array.from(entries, (x) => Math.max(-3e38, Math.min(3e38, x)));
        expect(largestMagnitudes('test', double, kept)).to.deep.equal(bySorting(double, kept));
        expect(largestMagnitudes('test', single, kept)).to.deep.equal(bySorting(single, kept));
      }),
      { numRuns: 1000, seed: 12 },
    );
  });

  it('largestMagnitudes on 50,000 entries, where a sample guides it, agrees with sorting, also when the sample misleads', () => {
    const clustered = gaussian(50_000, 'float32').map((x: number, i: number) => (i % 97 === 0 ? 100 + x : x)) as Vector;
    const hidden = gaussian(50_000, 'float32').map((x: number, i: number) => (i % 97 === 0 ? 0 : x)) as Vector;
    const inputs = [heavyTailed(50_000, 'float32'), heavyTailed(50_000, 'float64'), clustered, hidden];
    inputs.push(new Float32Array(50_000), new Float32Array(50_000).fill(-2), new Float64Array(50_000).fill(1 / 3));
    for (const value of inputs)
      for (const kept of [1, 50, 500, 520, 15_000, 49_999])
        expect(largestMagnitudes('test', value, kept)).to.deep.equal(bySorting(value, kept));
  });

  it('in float64, entries that differ in the lowest bits only are distinguished', () => {
    const value = Float64Array.from({ length: 100 }, (_, i) => 1 + ((i * 37) % 100) * 2 ** -52);
    expect(largestMagnitudes('test', value, 7)).to.deep.equal(bySorting(value, 7));
  });

  it('top-k: measured errors, Gaussian | Laplace^3, 200,000 entries: 30 %, 10 %, 1 %, 0.1 %', async () => {
    const rows = [
      [0.3, 0.217, 2.8e-4],
      [0.1, 0.561, 0.01],
      [0.01, 0.916, 0.191],
      [0.001, 0.987, 0.556],
    ] as const;
    const normal = gaussian(200_000, 'float32');
    const heavy = heavyTailed(200_000, 'float32');
    for (const [fraction, onNormal, onHeavy] of rows) {
      const error = async (value: Vector) =>
        squaredError((await encoded({ name: 'top-k', fraction }, value)).decoded, value) / squaredNorm(value);
      expect(await error(normal)).to.be.closeTo(onNormal, 0.01 * onNormal);
      expect(await error(heavy)).to.be.closeTo(onHeavy, 0.12 * onHeavy);
      expect(await error(normal)).to.be.at.most(1 - fraction);
    }
  });

  it('top-k: bits per parameter are 0.40 at 1 %, 0.043 at 0.1 %, 10.5 at 30 %; bf16 0.24, int8 0.16 (within 2 %)', async () => {
    const value = gaussian(200_000, 'float32');
    const bits = async (spec: CodecSpec) => (8 * (await encoded(spec, value)).body.length) / value.length;
    expect(await bits({ name: 'top-k', fraction: 0.01 })).to.be.closeTo(0.401, 0.008);
    expect(await bits({ name: 'top-k', fraction: 0.001 })).to.be.closeTo(0.0434, 0.0009);
    expect(await bits({ name: 'top-k', fraction: 0.3 })).to.be.closeTo(10.49, 0.2);
    expect(await bits({ name: 'top-k', values: { name: 'bf16' } })).to.be.closeTo(0.241, 0.005);
    expect(await bits({ name: 'top-k', values: { name: 'int8-linear' } })).to.be.closeTo(0.162, 0.004);
  });

  it('top-k keeps the lower index of equal magnitudes: 2 of (1, -3, 3, 3) are entries 1 and 2', async () => {
    const { decoded } = await encoded({ name: 'top-k', count: 2 }, Float32Array.of(1, -3, 3, 3));
    expect(Array.from(decoded)).to.deep.equal([0, -3, 3, 0]);
  });

  it('top-k with all entries kept is the identity, without a byte for indices', async () => {
    const value = heavyTailed(77, 'float64');
    const { body, decoded } = await encoded({ name: 'top-k', fraction: 1 }, value);
    expect(decoded).to.deep.equal(value);
    expect(body.length).to.equal(8 * 77);
  });

  it('the contract of top-k follows its value code: contractive while its omega is below 1 for sure', async () => {
    const contract = async (values: CodecSpec) => (await loadCodec({ name: 'top-k', values })).contract;
    expect(await contract({ name: 'bf16' })).to.equal('contractive');
    expect(await contract({ name: 'natural' })).to.equal('contractive');
    expect(await contract({ name: 'qsgd', levels: 64, bucket: 512 })).to.equal('contractive');
    expect(await contract({ name: 'qsgd', levels: 16, bucket: 512 })).to.equal('none');
    expect(await contract({ name: 'terngrad' })).to.equal('none');
    expect((await loadCodec({ name: 'threshold', values: { name: 'bf16' } })).contract).to.equal('none');
  });

  it('threshold: keeps |x| > t only, error is the energy of the others and at most d t^2', async () => {
    const value = heavyTailed(5000, 'float32');
    const { decoded } = await encoded({ name: 'threshold', absolute: 0.5 }, value);
    let left = 0;
    for (let i = 0; i < 5000; i++) {
      expect(decoded[i]).to.equal(Math.abs(value[i]!) > 0.5 ? value[i]! : 0);
      if (Math.abs(value[i]!) <= 0.5) left += value[i]! ** 2;
    }
    expect(squaredError(decoded, value)).to.be.closeTo(left, 1e-12);
    expect(left).to.be.at.most(5000 * 0.25);
    expect((await encoded({ name: 'threshold', absolute: 1 }, Float32Array.of(1, -1, 1.5))).decoded).to.deep.equal(
      Float32Array.of(0, 0, 1.5),
    );
  });

  it('random-k: every index equally often (20,000 draws of 3 from 10, 5 sigma, seed 1); k entries, times d / k', async () => {
    const codec = await loadCodec({ name: 'random-k', count: 3 });
    const value = Float64Array.from({ length: 10 }, (_, i) => i + 1);
    const counts = new Float64Array(10);
    for (let draw = 0; draw < 20_000; draw++) {
      const decoded = codec.decode(codec.encode(value, stream(1).derive(draw)), 10, 'float64');
      let right = 0;
      for (let i = 0; i < 10; i++)
        if (decoded[i] !== 0) {
          if (Math.abs(decoded[i]! - ((i + 1) * 10) / 3) < 1e-12) right++;
          counts[i]!++;
        }
      expect(right).to.equal(3);
    }
    for (const count of counts) expect(count).to.be.closeTo(6000, 5 * Math.sqrt(20_000 * 0.3 * 0.7));
  });

  it('random-k: the same stream gives two senders the same indices, so their sum has k entries', async () => {
    const codec = await loadCodec({ name: 'random-k', fraction: 0.7 });
    const of = (seed: number) => codec.decode(codec.encode(gaussian(100, 'float32', seed), stream(6)), 100, 'float32');
    const [a, b] = [of(1), of(2)];
    for (let i = 0; i < 100; i++) expect(a[i] === 0).to.equal(b[i] === 0);
    expect(a.filter((x) => x !== 0).length).to.equal(70);
  });

  it('fraction is rounded up to a whole entry: 0.07 of 100 is 7, 0.001 of 10 is 1', async () => {
    const kept = async (fraction: number, length: number) =>
      (await encoded({ name: 'top-k', fraction }, new Float32Array(length).fill(1))).decoded.filter((x) => x !== 0)
        .length;
    expect(await kept(0.07, 100)).to.equal(7);
    expect(await kept(0.001, 10)).to.equal(1);
  });

  it('random-k, scaled: omega is d / k - 1 of its fraction, the error of no numbers is 0', async () => {
    const codec = await loadCodec({ name: 'random-k', fraction: 0.25, scaled: true });
    expect(codec.omega).to.be.closeTo(3, 1e-12);
    expect(codec.expectedSquaredError!(new Float64Array(0))).to.equal(0);
    expect(codec.expectedSquaredError!(Float64Array.of(1, 2, 0, 2))).to.be.closeTo(27, 1e-12);
  });

  it('random-k of 6,700,417 numbers refuses the 2^32 mod 6,700,417 = 6,700,416 highest words, though 2^32 + 1 is a multiple of it', () => {
    const length = 6_700_417;
    const rng = rootStream(0, 'float32').derive('random subset', 7, 8);
    const limit = 640 * length;
    expect(2 ** 32 - limit).to.equal(6_700_416);
    const words = [...rng.words(new Uint32Array(2000))];
    // 3.1 of 2,000 on average.
    const refused = words.filter((word) => word >= limit);
    expect(refused.length).to.be.above(0);
    const accepted = new Set(words.filter((word) => word < limit).map((word) => word % length));
    const set = [...randomSubset(7, 8, 2000, length)];
    expect(set).to.have.length(2000);
    for (const word of refused) expect(set, `index of the refused word ${word}`).to.not.include(word % length);
    expect([...accepted].filter((index) => !set.includes(index))).to.deep.equal([]);
  });

  it('random-k of thousands: words come in blocks of 4,096, as the protocol has it', () => {
    for (const [count, length] of [
      [5000, 20_000],
      [4097, 9001],
    ] as const) {
      const rng = rootStream(0, 'float32').derive('random subset', 7, 8);
      const marks = new Set<number>();
      const limit = Math.floor(2 ** 32 / length) * length;
      while (marks.size < count)
        for (const word of rng.words(new Uint32Array(4096)))
          if (word < limit && marks.size < count) marks.add(word % length);
      expect([...randomSubset(7, 8, count, length)]).to.deep.equal([...marks].sort((a, b) => a - b));
    }
  });
});

import { expect } from 'chai';
import { loadCodec } from '../../../protocol/codecs/registry.js';
import { squaredNorm } from '../../../protocol/numerics/vector.js';
import { gaussian, squaredError, stream } from '../../../scenarios/check/parts/codec-inputs.js';

describe('protocol/codecs/qsgd', () => {
  const value = gaussian(200_000, 'float32');
  const energy = squaredNorm(value);

  it('reproduces the measured omega and stays below the bound, Gaussian, 200,000 entries', async () => {
    const rows = [
      [512, 1, 16.9, 22.6],
      [512, 4, 3.52, 5.66],
      [512, 16, 0.334, 1.41],
      [512, 64, 0.021, 0.125],
      [8192, 16, 3.5, 5.66],
      [8192, 64, 0.332, 1.41],
      [200_000, 64, 4.58, 6.99],
      [200_000, 256, 0.507, 1.75],
    ] as const;
    for (const [bucket, levels, omega, bound] of rows) {
      const codec = await loadCodec({ name: 'qsgd', bucket, levels });
      const decoded = codec.decode(codec.encode(value, stream(1)), value.length, 'float32');
      expect(squaredError(decoded, value) / energy).to.be.closeTo(omega, 0.05 * omega);
      expect(codec.expectedSquaredError!(value) / energy).to.be.closeTo(omega, 0.02 * omega);
      expect(codec.omega).to.be.closeTo(bound, 0.005 * bound);
    }
  });

  it('entropy coding is within 4 % (and 16 bytes) of the entropy of the levels, norms not counted', async () => {
    const rows = [
      [512, 1],
      [512, 4],
      [512, 16],
      [512, 64],
      [8192, 16],
      [200_000, 256],
    ] as const;
    for (const [bucket, levels] of rows) {
      const codec = await loadCodec({ name: 'qsgd', bucket, levels, coding: 'entropy' });
      const body = codec.encode(value, stream(1));
      const decoded = codec.decode(body, value.length, 'float32');
      const counts = new Map<number, number>();
      const norms = new Float32Array(body.slice(0, 4 * Math.ceil(value.length / bucket)).buffer);
      for (let i = 0; i < value.length; i++) {
        const level = Math.round((decoded[i]! * levels) / norms[Math.floor(i / bucket)]!);
        counts.set(level, (counts.get(level) ?? 0) + 1);
      }
      expect(Math.max(...counts.keys())).to.be.at.most(levels);
      let bits = 0;
      for (const count of counts.values()) bits -= count * Math.log2(count / value.length);
      const coded = 8 * (body.length - norms.byteLength);
      expect(coded, `${bucket}, ${levels}`).to.be.at.most(1.04 * bits + 128);
      expect(coded).to.be.at.least(0.99 * bits);
    }
  });

  it('both codings decode to the same numbers', async () => {
    const fixed = await loadCodec({ name: 'qsgd', levels: 9, bucket: 100 });
    const coded = await loadCodec({ name: 'qsgd', levels: 9, bucket: 100, coding: 'entropy' });
    const x = gaussian(1234, 'float64').map((entry: number, i: number) => (i % 500 < 100 ? 0 : entry)) as Float64Array;
    expect(coded.decode(coded.encode(x, stream(3)), 1234, 'float64')).to.deep.equal(
      fixed.decode(fixed.encode(x, stream(3)), 1234, 'float64'),
    );
  });

  it('20,000 draws of 8 numbers: each mean within 5 sigma of the entry, |Q|^2 = (1 + omega) |x|^2 (seed 1)', async () => {
    const codec = await loadCodec({ name: 'qsgd', levels: 2, bucket: 8 });
    const x = gaussian(8, 'float64', 9);
    const norm = Math.fround(Math.sqrt(squaredNorm(x)) * (1 + 2 ** -24));
    const sums = new Float64Array(8);
    let squares = 0;
    for (let draw = 0; draw < 20_000; draw++) {
      const decoded = codec.decode(codec.encode(x, stream(1).derive(draw)), 8, 'float64');
      for (let i = 0; i < 8; i++) sums[i]! += decoded[i]!;
      squares += squaredNorm(decoded);
    }
    for (let i = 0; i < 8; i++) {
      const share = (2 * Math.abs(x[i]!)) / norm;
      const sigma = (norm / 2) * Math.sqrt((share % 1) * (1 - (share % 1)));
      expect(sums[i]! / 20_000).to.be.closeTo(x[i]!, (5 * sigma) / Math.sqrt(20_000));
    }
    const expected = squaredNorm(x) + codec.expectedSquaredError!(x);
    expect(squares / 20_000).to.be.closeTo(expected, 0.02 * expected);
  });

  it("a level beyond s is refused: what levels = 9 wrote with 'entropy' does not fit levels = 2", async () => {
    const fine = await loadCodec({ name: 'qsgd', levels: 9, bucket: 100, norm: 'max', coding: 'entropy' });
    const coarse = await loadCodec({ name: 'qsgd', levels: 2, bucket: 100, norm: 'max', coding: 'entropy' });
    const body = fine.encode(
      Float32Array.from({ length: 100 }, (_, i) => i % 7),
      stream(1),
    );
    expect(() => coarse.decode(body, 100, 'float32')).to.throw(/^ERR_CODEC_MALFORMED.*is beyond 2/);
  });

  it("a level beyond s is refused: code 2 s + 1 in 'fixed'", async () => {
    const codec = await loadCodec({ name: 'qsgd', levels: 1, bucket: 4 });
    const body = codec.encode(Float32Array.of(1, 0, 0, 0), stream(1));
    body[4] = body[4]! | 3;
    expect(() => codec.decode(body, 4, 'float32')).to.throw(/^ERR_CODEC_MALFORMED.*a level is beyond 1/);
  });
});

import { expect } from 'chai';
import { bySegment } from '../../../../protocol/codecs/bits/by-segment.js';
import { loadCodec } from '../../../../protocol/codecs/registry.js';
import type { Segment } from '../../../../protocol/method.js';
import { gaussian, squaredError, stream } from '../../../../scenarios/check/parts/codec-inputs.js';

const SEGMENTS: readonly Segment[] = [
  { name: 'w', module: 'm', offset: 0, shape: [10, 7] },
  { name: 'b', module: 'm', offset: 70, shape: [9] },
  { name: 'scalar', module: 'm', offset: 79, shape: [] },
];

describe('protocol/codecs/by-segment', () => {
  it('each tensor has its own k: 10 % of 70, 9 and 1 entries are 7, 1 and 1, however large the others', async () => {
    const codec = bySegment(await loadCodec({ name: 'top-k', fraction: 0.1 }), SEGMENTS);
    const value = gaussian(80, 'float32').map((x: number, i: number) => (i < 70 ? 1000 * x : x)) as Float32Array;
    const decoded = codec.decode(codec.encode(value, stream(1)), 80, 'float32');
    const kept = (from: number, to: number) => decoded.subarray(from, to).filter((x) => x !== 0).length;
    expect([kept(0, 70), kept(70, 79), kept(79, 80)]).to.deep.equal([7, 1, 1]);
  });

  it('fixed sizes add up without overhead; others cost 4 bytes a tensor', async () => {
    const sign = await loadCodec({ name: 'scaled-sign' });
    const codec = bySegment(sign, SEGMENTS);
    expect(codec.encodedBytes!(80)).to.equal(4 + 9 + (4 + 2) + (4 + 1));
    expect(codec.encode(gaussian(80, 'float32'), stream(1)).length).to.equal(24);
    const all = bySegment(await loadCodec({ name: 'top-k', fraction: 1 }), SEGMENTS);
    expect(all.encode(gaussian(80, 'float32'), stream(1)).length).to.equal(4 * 80 + 3 * 4);
  });

  it('a small tensor keeps its accuracy beside a large one: error of entries 70 to 79 is theirs alone', async () => {
    const whole = await loadCodec({ name: 'int8-linear', block: 1000 });
    const codec = bySegment(whole, SEGMENTS);
    const value = gaussian(80, 'float64').map((x: number, i: number) => (i < 70 ? 1000 * x : x)) as Float64Array;
    const error = (decoded: ArrayLike<number>) =>
      squaredError(Float64Array.from(decoded).subarray(70), value.subarray(70));
    expect(error(codec.decode(codec.encode(value, stream(1)), 80, 'float64'))).to.be.below(1e-3);
    expect(error(whole.decode(whole.encode(value, stream(1)), 80, 'float64'))).to.be.above(1);
  });

  it('a vector of another length is coded whole; segments that leave a gap are refused', async () => {
    const codec = bySegment(await loadCodec({ name: 'identity' }), SEGMENTS);
    const value = gaussian(5, 'float64');
    expect(codec.decode(codec.encode(value, stream(1)), 5, 'float64')).to.deep.equal(value);
    expect(() => bySegment(codec, [SEGMENTS[0]!, SEGMENTS[2]!])).to.throw(RangeError, /begins at 79/);
  });

  it('refuses lengths inside that pass the end, and surplus bytes', async () => {
    const codec = bySegment(await loadCodec({ name: 'top-k', fraction: 0.5 }), SEGMENTS);
    const body = codec.encode(gaussian(80, 'float32'), stream(1));
    for (let cut = 0; cut < body.length; cut++)
      expect(() => codec.decode(body.subarray(0, cut), 80, 'float32')).to.throw(/^ERR_CODEC_MALFORMED/);
    const huge = body.slice();
    huge[3] = 0xff;
    expect(() => codec.decode(huge, 80, 'float32')).to.throw(/^ERR_CODEC_MALFORMED.*passes the end/);
    expect(() => codec.decode(Uint8Array.of(...body, 0), 80, 'float32')).to.throw(/^ERR_CODEC_MALFORMED/);
  });

  it('the expected error is the sum over the tensors, each with its own numbers', async () => {
    const whole = await loadCodec({ name: 'terngrad', clip: null });
    const codec = bySegment(whole, SEGMENTS);
    const value = gaussian(80, 'float64').map((x: number, i: number) => (i < 70 ? 3 * x : x)) as Float64Array;
    const parts = [value.subarray(0, 70), value.subarray(70, 79), value.subarray(79)];
    const sum = parts.reduce((total, part) => total + whole.expectedSquaredError!(part), 0);
    expect(codec.expectedSquaredError!(value)).to.be.closeTo(sum, 1e-12 * sum);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { planIndices, readIndices, writeIndices } from '../../../../protocol/codecs/bits/sparse-indices.js';
import { stream } from '../../../../scenarios/check/parts/codec-inputs.js';

function roundTrip(indices: Uint32Array, dimension: number): number {
  const plan = planIndices(indices, dimension);
  const body = new Uint8Array(plan.bytes + 3).fill(0xff);
  expect(writeIndices(indices, plan, body, 2)).to.equal(2 + plan.bytes);
  const read = readIndices('test', body, 2, indices.length, dimension);
  expect(read.indices).to.deep.equal(indices);
  expect(read.end).to.equal(2 + plan.bytes);
  expect(body[1]).to.equal(0xff);
  expect(body[2 + plan.bytes]).to.equal(0xff);
  return plan.bytes;
}

describe('protocol/codecs/sparse-indices', () => {
  it('round-trips: none, all, the last only, gaps of 1 and of the dimension, dimensions up to 2^31', () => {
    expect(roundTrip(new Uint32Array(0), 100)).to.equal(0);
    expect(
      roundTrip(
        Uint32Array.from({ length: 100 }, (_, i) => i),
        100,
      ),
    ).to.equal(0);
    roundTrip(Uint32Array.of(99), 100);
    roundTrip(Uint32Array.of(0), 100);
    roundTrip(Uint32Array.of(0, 1, 2, 3, 96, 97, 98, 99), 100);
    roundTrip(
      Uint32Array.from({ length: 99 }, (_, i) => i),
      100,
    );
    roundTrip(Uint32Array.of(2 ** 31 - 1), 2 ** 31);
    roundTrip(Uint32Array.of(0, 1, 2, 2 ** 30, 2 ** 31 - 1), 2 ** 31);
    roundTrip(
      Uint32Array.from({ length: 5000 }, (_, i) => i),
      2 ** 31,
    );
  });

  it('round-trips 3,000 random sets in random dimensions, and never takes more than a bitmap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (d, p, seed) => {
          const bytes = roundTrip(stream(seed).poisson(d, p), d);
          expect(bytes).to.be.at.most(Math.ceil((d + 1) / 8));
        },
      ),
      { numRuns: 3000, seed: 13 },
    );
  });

  it('costs within 2 % (2.2 % at 3 %) of the entropy at every density from 0.1 to 30 %, 200,000 entries', () => {
    for (const density of [0.3, 0.1, 0.05, 0.03, 0.01, 0.003, 0.001]) {
      const indices = stream(1)
        .batch(200_000, 200_000 * density)
        .sort();
      const entropy = (-density * Math.log2(density) - (1 - density) * Math.log2(1 - density)) / density;
      const bits = (8 * planIndices(indices, 200_000).bytes) / indices.length;
      expect(bits, `${density}`).to.be.within(0.985 * entropy, 1.022 * entropy);
    }
  });

  it('a dense set is sent as a bitmap', () => {
    const indices = stream(1).poisson(8000, 0.5);
    expect(planIndices(indices, 8000).bytes).to.be.within(1000, 1001);
    expect(planIndices(indices, 8000).k).to.equal(-1);
  });

  it('refuses an index beyond the dimension, a wrong count in a bitmap, marks beyond the end, dirty padding', () => {
    const written = (indices: number[], dimension: number) => {
      const set = Uint32Array.from(indices);
      const plan = planIndices(set, dimension);
      const body = new Uint8Array(plan.bytes);
      writeIndices(set, plan, body, 0);
      return body;
    };
    const late = written([3, 900], 1000);
    expect(() => readIndices('test', late, 0, 2, 500)).to.throw(/^ERR_CODEC_MALFORMED.*not below 500/);
    const map = written([0, 2, 3, 5, 6, 8], 12);
    expect(map[0]! & 1).to.equal(1);
    expect(() => readIndices('test', map, 0, 5, 12)).to.throw(/^ERR_CODEC_MALFORMED.*more entries/);
    expect(() => readIndices('test', map, 0, 7, 12)).to.throw(/^ERR_CODEC_MALFORMED.*6 entries instead of 7/);
    map[1]! |= 0x80;
    expect(() => readIndices('test', map, 0, 7, 12)).to.throw(/^ERR_CODEC_MALFORMED.*more entries/);
    late[late.length - 1]! |= 0x80;
    expect(() => readIndices('test', late, 0, 2, 1000)).to.throw(/^ERR_CODEC_MALFORMED/);
    expect(() => readIndices('test', new Uint8Array(4), 0, 1001, 1000)).to.throw(
      /^ERR_CODEC_MALFORMED.*cannot be kept/,
    );
  });
});

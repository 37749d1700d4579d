import { expect } from 'chai';
import { BENCHED_CODECS, benchCodecs } from '../../../scenarios/bench/codecs.js';

describe('scenarios/bench/codecs', () => {
  it('gives a row for every codec and distribution, with speeds, the known bits and an entropy bound that is not beaten', async () => {
    const seen: string[] = [];
    const rows = await benchCodecs({ lengths: [4000], repeats: 1, onRow: (row) => seen.push(row.codec) });
    expect(rows.length).to.equal(2 * BENCHED_CODECS.length);
    expect(seen.length).to.equal(rows.length);
    for (const row of rows) {
      for (const speed of [
        row.copyMbPerS,
        row.encodeMbPerS,
        row.decodeMbPerS,
        row.decodeAddMbPerS,
        row.encodeRatio,
        row.encodeOrdinaryRatio,
      ])
        expect(speed, row.codec).to.be.above(0);
      // A support's code may be a little shorter than the entropy of independent choices.
      if (row.entropyBits !== null) expect(row.bitsPerParameter, row.codec).to.be.at.least(0.97 * row.entropyBits);
    }
    const bits = (codec: string) => rows.find((row) => row.codec === codec)?.bitsPerParameter;
    expect(bits('identity')).to.equal(32);
    expect(bits('bf16 (rounding stochastic)')).to.equal(16);
    expect(bits('scaled-sign')).to.equal(1 + 32 / 4000);
    expect(bits('int8-linear')).to.equal(8 + (32 * 16) / 4000);
  });
});

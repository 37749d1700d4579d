import { expect } from 'chai';
import type { LevelControl, Variances } from '../../../protocol/codecs/codec.js';
import { LevelMeasurements, samplingVariance } from '../../../protocol/party/level-measurements.js';
import { gaussian } from '../../../scenarios/check/parts/codec-inputs.js';

/** A level that remembers what it was shown: its state is the number of measurements. */
function control(shown: Variances[]): LevelControl<number> {
  return {
    init: () => 0,
    levelOf: (state) => state,
    at: () => {
      throw new Error('nothing is encoded here');
    },
    measuredIn: () => true,
    next(state, measured) {
      shown.push(measured);
      return state + 1;
    },
  };
}

describe('protocol/party/level-measurements', () => {
  it('samplingVariance of two independent N(0, 1) vectors of 10,000 entries is 10,000 +- 5 %', () => {
    expect(samplingVariance(gaussian(10_000, 'float64', 1), gaussian(10_000, 'float64', 2))).to.be.closeTo(10_000, 500);
  });

  it('sums both variances over the vectors of one level and reports the mean level of a kind', () => {
    const shown: Variances[] = [];
    const [first, again] = [new LevelMeasurements(), new LevelMeasurements()];
    const note = (draw: LevelMeasurements, address: string, levelKey: string, value: number) =>
      draw.note(address, {
        kind: 'gradient',
        levelKey,
        control: control(shown) as LevelControl,
        value: Float64Array.of(value),
        compressionVariance: 3,
      });
    note(first, 'a 0', 'level a', 1);
    note(first, 'a 1', 'level a', 5);
    note(first, 'b 0', 'level b', 0);
    note(again, 'a 0', 'level a', 3);
    note(again, 'a 1', 'level a', 1);
    note(again, 'b 0', 'level b', 2);
    const { states, levels } = first.next(again, { 'level b': 4 });
    expect(shown).to.deep.equal([
      { compressionVariance: 6, samplingVariance: 2 + 8 },
      { compressionVariance: 3, samplingVariance: 2 },
    ]);
    expect([...states]).to.deep.equal([
      ['level a', 1],
      ['level b', 5],
    ]);
    expect([...levels]).to.deep.equal([['gradient', 3]]);
  });

  it('a vector that the second draw did not encode has infinite compression variance', () => {
    const shown: Variances[] = [];
    const first = new LevelMeasurements();
    first.note('a 0', {
      kind: 'gradient',
      levelKey: 'level a',
      control: control(shown) as LevelControl,
      value: Float64Array.of(1),
      compressionVariance: 3,
    });
    first.next(new LevelMeasurements(), {});
    expect(shown).to.deep.equal([{ compressionVariance: Number.POSITIVE_INFINITY, samplingVariance: 0 }]);
  });
});

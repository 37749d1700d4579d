import { expect } from 'chai';
import {
  type AdaptiveLevelSettings,
  initAdaptiveLevel,
  observeAdaptiveLevel,
} from '../../../../protocol/codecs/bits/adaptive-level.js';

const settings: AdaptiveLevelSettings = {
  levels: 4,
  share: 0.025,
  retryAfter: 10,
};

describe('protocol/codecs/adaptive-level', () => {
  it('climbs to the coarsest codec within the share and stays: 0, 0.001, 0.02, 0.4 of the sampling variance', () => {
    const ratios = [0, 0.001, 0.02, 0.4];
    let state = initAdaptiveLevel(settings);
    let above = 0;
    const levels: number[] = [];
    for (let i = 0; i < 44; i++) {
      const compressionVariance = 8 * ratios[state.level]!;
      if (state.level === 3) above++;
      state = observeAdaptiveLevel(settings, state, { compressionVariance, samplingVariance: 8 });
      levels.push(state.level);
    }
    expect(levels.slice(0, 5)).to.deep.equal([1, 2, 3, 2, 2]);
    expect(levels.at(-1)).to.equal(2);
    // Tried at first and then once every 1 + retryAfter - 1 measurements, not every second one.
    expect(above).to.be.within(4, 5);
  });

  it('goes finer as the sampling variance falls, to the finest at zero, and takes NaN as too coarse', () => {
    let state = { ...initAdaptiveLevel(settings), level: 3 };
    for (let i = 0; i < 5; i++)
      state = observeAdaptiveLevel(settings, state, { compressionVariance: 1, samplingVariance: 0 });
    expect(state.level).to.equal(0);
    state = { ...state, level: 2 };
    state = observeAdaptiveLevel(settings, state, { compressionVariance: Number.NaN, samplingVariance: 1 });
    expect(state.level).to.equal(1);
  });

  it('refuses a ladder of no levels and a share of 0', () => {
    expect(() => initAdaptiveLevel({ ...settings, levels: 0 })).to.throw(RangeError, /levels/);
    expect(() => initAdaptiveLevel({ ...settings, share: 0 })).to.throw(RangeError, /share/);
  });
});

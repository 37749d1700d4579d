import { expect } from 'chai';
import { summarizePosterior } from '../../../../scenarios/posterior/posterior-summary.js';

const WIDTH = 130_000;

describe('protocol/bayesian/posterior-summary of many parameters', () => {
  it(`${WIDTH} parameters are summarized, more than a call takes arguments`, () => {
    const draws = [0, 1, 2, 3].map((draw) => Float64Array.from({ length: WIDTH }, (_, i) => Math.sin(9 * draw + i)));
    const { parameters, worst } = summarizePosterior([draws]);
    expect(parameters).to.have.length(WIDTH);
    for (const [name, worse] of [
      ['rhat', -1],
      ['bulkEss', 1],
      ['tailEss', 1],
    ] as const) {
      const all = Float64Array.from(parameters, (parameter) => worse * parameter[name]).sort();
      expect(worse * worst[name]!).to.equal(all[0]);
    }
  }).timeout(60_000);
});

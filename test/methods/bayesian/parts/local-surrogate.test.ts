import { expect } from 'chai';
import type { LogPosterior } from '../../../../protocol/method.js';
import { localDraws } from '../../../../protocol/methods/bayesian/parts/local-surrogate.js';
import { rootStream } from '../../../../protocol/numerics/random.js';

/** Prior N(3, 5), no examples. */
const empty = {
  exampleCount: 0,
  gradient: (params: Float64Array) => new Float64Array(params.length),
  priorGradient: (params: Float64Array) => params.map((value) => (3 - value) / 5),
} as unknown as LogPosterior;

describe('protocol/bayesian/local-surrogate', () => {
  it('keeps every third state after a burn-in of four: two draws take ten steps', async () => {
    let steps = 0;
    const counting = {
      ...empty,
      exampleCount: 7,
      gradient: (params: Float64Array) => {
        steps++;
        return new Float64Array(params.length);
      },
    } as unknown as LogPosterior;
    const settings = { stepSize: 1e-3, batchSize: 0, draws: 2, thin: 3, burnInSteps: 4 };
    await localDraws(counting, settings, new Float64Array(1), 4, rootStream(11, 'float64'));
    expect(steps).to.equal(10);
  });

  it('of 4 shards an empty one draws from N(3, 20), independently: 4,000 draws, seed 11, 4 standard errors', async () => {
    const settings = { stepSize: 1e-3, batchSize: 0, draws: 4000, thin: 1, burnInSteps: 0 };
    const draws = await localDraws(empty, settings, new Float64Array(1), 4, rootStream(11, 'float64'));
    const mean = draws.reduce((sum, [x]) => sum + x!, 0) / 4000;
    const variance = draws.reduce((sum, [x]) => sum + (x! - mean) ** 2, 0) / 3999;
    const lagged = draws.slice(1).reduce((sum, [x], n) => sum + (x! - mean) * (draws[n]![0]! - mean), 0) / 3999;
    expect(Math.abs(mean - 3)).to.be.below(4 * Math.sqrt(20 / 4000));
    expect(Math.abs(variance - 20)).to.be.below(4 * 20 * Math.sqrt(2 / 4000));
    expect(Math.abs(lagged / 20)).to.be.below(4 / Math.sqrt(4000));
  });
});

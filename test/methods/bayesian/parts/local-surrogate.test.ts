import { expect } from 'chai';
import type { LogPosterior } from '../../../../protocol/method.js';
import { localDraws, surrogateOfDraws } from '../../../../protocol/methods/bayesian/parts/local-surrogate.js';
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

  it('the surrogate of draws is the shard’s own factor, the prior’s share taken out: 40,000 draws of a correlated factor, within 8 %', async () => {
    // Likelihood of 10 examples, each with precision [[3, 1], [1, 2]] and mean (1, -1); the prior is N(0, 0.1 I), of 2 clients.
    const shard = {
      exampleCount: 10,
      gradient: ([a, b]: Float64Array) => Float64Array.of(3 * (a! - 1) + (b! + 1), a! - 1 + 2 * (b! + 1)),
      priorGradient: (params: Float64Array) => params.map((value) => -10 * value),
    } as unknown as LogPosterior;
    const settings = {
      surrogateDraws: 40_000,
      surrogateThin: 20,
      surrogateStepSize: 2e-3,
      surrogateBatchSize: 0,
      surrogateForm: 'full',
    } as Parameters<typeof surrogateOfDraws>[1];
    const fit = await surrogateOfDraws(shard, settings, new Float64Array(2), 2, rootStream(3, 'float64'));
    const expected = { precision: [30, 10, 10, 20], eta: [20, -10] };
    for (const [k, value] of expected.precision.entries()) expect(fit.precision[k]).to.be.closeTo(value, 0.08 * 35);
    for (const [k, value] of expected.eta.entries()) expect(fit.eta[k]).to.be.closeTo(value, 0.08 * 25);
  });
});

import { expect } from 'chai';
import { squaredMahalanobis } from '../../../../protocol/bayesian/distances.js';
import { modelPosterior } from '../../../../protocol/bayesian/gaussian-model.js';
import type { LogPosterior, Rng } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { UNEQUAL_CURVATURE } from '../../../../worker/objectives/log-posterior/gaussian-experiments.js';
import { familyOfModel } from '../../../../worker/objectives/log-posterior/gaussian-mean.js';
import { range } from '../../../support/bayesian-problems.js';
import { proportionalFrequencies, stationaryLaw } from '../../../support/sampler-laws.js';

const frequencies = proportionalFrequencies(UNEQUAL_CURVATURE);
const family = familyOfModel(UNEQUAL_CURVATURE, { precision: 'float64', clientCount: 4 });
const BOUNDS = [0, 50, 150, 350, 750];
const shards = [0, 1, 2, 3].map((s) => family.shard(range(BOUNDS[s]!, BOUNDS[s + 1]!)) as LogPosterior);

/** v_s: prior gradient plus N_s / f_s times the mean log-likelihood gradient of a batch. */
function estimate(s: number, theta: Float64Array, batch: Uint32Array): Float64Array {
  const gradient = shards[s]!.gradient(theta, batch) as Float64Array;
  const prior = shards[s]!.priorGradient(theta);
  const factor = shards[s]!.exampleCount / frequencies[s]!;
  return gradient.map((value, i) => prior[i]! - factor * value);
}

/** First and second raw moments (11, 12, 22) of one DSGLD chain: 200 visits to forget the start, 1,200 that count. */
function chainMoments(rng: Rng): readonly number[] {
  const h = 2e-4;
  const theta = Float64Array.from(modelPosterior(UNEQUAL_CURVATURE).mean);
  const sums = [0, 0, 0, 0, 0];
  for (let visit = -200; visit < 1200; visit++) {
    let s = 0;
    for (let u = rng.uniform() - frequencies[0]!; u >= 0 && s < 3; u -= frequencies[s]!) s++;
    for (let step = 0; step < 5; step++) {
      const drift = estimate(s, theta, rng.batch(shards[s]!.exampleCount, 20));
      const noise = rng.normal(2);
      for (const i of [0, 1]) theta[i] = theta[i]! + (h / 2) * drift[i]! + Math.sqrt(h) * noise[i]!;
      if (visit < 0) continue;
      const [x, y] = theta as unknown as [number, number];
      for (const [k, value] of [x, y, x * x, x * y, y * y].entries()) sums[k] = sums[k]! + value / 6000;
    }
  }
  return sums;
}

describe('worker/objectives/log-posterior/gaussian-mean, long chains', () => {
  it('chains have the exact law: mean and covariance within 4 standard errors over 48 chains (seed 6; DSGLD delay 5, batches of 20)', () => {
    const sampler = {
      stepSize: 2e-4,
      delay: 5,
      visitProbabilities: frequencies,
      batch: { size: 20, replacement: false },
    };
    const law = stationaryLaw(UNEQUAL_CURVATURE, sampler).anyStep;
    const chains = Array.from({ length: 48 }, (_, c) => chainMoments(rootStream(6, 'float64').derive('chain', c)));
    const known = [...law.mean, ...[0, 1, 3].map((i) => law.covariance[i]! + law.mean[i >> 1]! * law.mean[i & 1]!)];
    for (const [k, expected] of known.entries()) {
      const values = chains.map((moments) => moments[k]!);
      const average = values.reduce((sum, x) => sum + x, 0) / values.length;
      const variance = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / (values.length - 1);
      const standardError = Math.sqrt(variance / values.length);
      expect(Math.abs(average - expected), `moment ${k}`).to.be.below(4 * standardError);
      expect(standardError, `moment ${k}`).to.be.below(0.1);
    }
    expect(Math.sqrt(squaredMahalanobis(law.mean, modelPosterior(UNEQUAL_CURVATURE)))).to.be.above(2);
  });
});

import { expect } from 'chai';
import type { LogPosterior } from '../../../protocol/method.js';
import { matrixVector, symmetricInverse } from '../../../protocol/numerics/linear-algebra.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { mcseMean, mcseSd, rankNormalizedRhat, tailEss } from '../../../scenarios/posterior/diagnostics.js';
import { coordinateOf, sampleHmc } from '../../../scenarios/posterior/hmc.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import {
  bayesianLogisticRegression as logisticRegression,
  settings,
} from '../../../worker/objectives/log-posterior/bayesian-logistic-regression.js';
import { type LogDensity, posteriorDensity } from '../../../worker/objectives/log-posterior/posterior-density.js';
import { range } from '../../support/bayesian-problems.js';

const defaults = settings.defaults;

const covariance = Float64Array.of(4, 0.03, 0.03, 0.01);
const mean = [3, -1];

function gaussian(): LogDensity {
  const precision = symmetricInverse(covariance);
  return {
    dimension: 2,
    evaluate(position, gradient) {
      const offset = Float64Array.from(position, (value, i) => value - mean[i]!);
      matrixVector(precision, offset, gradient);
      for (let i = 0; i < 2; i++) gradient[i] = -gradient[i]!;
      return 0.5 * (gradient[0]! * offset[0]! + gradient[1]! * offset[1]!);
    },
  };
}

/** x = -2, -1.5, ..., 2.5 and y = 0,0,1,0,0,1,0,1,1,1. */
const QUADRATURE: Dataset = {
  name: 'ten points',
  source: 'fixture',
  featureShape: [1],
  classCount: 2,
  train: {
    count: 10,
    features: Float32Array.from({ length: 10 }, (_, i) => -2 + i / 2),
    labels: Int32Array.of(0, 0, 1, 0, 0, 1, 0, 1, 1, 1),
    targets: new Float64Array(0),
  },
  test: { count: 0, features: new Float32Array(0), labels: new Int32Array(0), targets: new Float64Array(0) },
};

describe('protocol/bayesian/hmc', () => {
  it('a Gaussian with deviations 2 and 0.1: mean and deviation within 4 MCSE, acceptance 0.65-0.95 (4 x 1,000, seed 8)', () => {
    const chains = sampleHmc(gaussian(), {}, rootStream(8, 'float64'));
    for (const { acceptance, variances } of chains) {
      expect(acceptance).to.be.within(0.65, 0.95);
      // The mass matrix has adapted to the two scales.
      expect(variances[0]).to.be.within(2, 8);
      expect(variances[1]).to.be.within(0.005, 0.02);
    }
    for (const i of [0, 1]) {
      const draws = coordinateOf(chains, 2, i);
      expect(rankNormalizedRhat(draws)).to.be.below(1.01);
      const all = draws.flatMap((chain) => [...chain]);
      const average = all.reduce((sum, x) => sum + x, 0) / all.length;
      const stddev = Math.sqrt(all.reduce((sum, x) => sum + (x - average) ** 2, 0) / (all.length - 1));
      expect(Math.abs(average - mean[i]!)).to.be.below(4 * mcseMean(draws));
      expect(Math.abs(stddev - Math.sqrt(covariance[3 * i]!))).to.be.below(4 * mcseSd(draws));
    }
  });

  it('equal streams give equal draws, other streams others', () => {
    const short = { warmupCount: 50, drawCount: 20, chainCount: 2 };
    const draws = (seed: number) =>
      sampleHmc(gaussian(), short, rootStream(seed, 'float64')).map((chain) => [...chain.draws]);
    expect(draws(1)).to.deep.equal(draws(1));
    expect(draws(1)[0]).to.not.deep.equal(draws(1)[1]);
    expect(draws(1)[0]).to.not.deep.equal(draws(2)[0]);
  });

  it('logistic regression against quadrature: moments within 4 MCSE, MCSE below 2 % of the deviation (4 x 4,000, seed 9)', () => {
    const family = logisticRegression({
      dataset: QUADRATURE,
      settings: { ...defaults, priorVariance: 4 },
      precision: 'float64',
      clientCount: 3,
      rng: rootStream(1, 'float64'),
    });
    const shards = [range(0, 4), range(4, 5), range(5, 10)].map((examples) => family.shard(examples) as LogPosterior);
    const chains = sampleHmc(posteriorDensity(shards, 2, 4), { drawCount: 4000 }, rootStream(9, 'float64'));
    // Parameters are (slope, intercept); quadrature on a grid of step 0.01 over +-12.
    const known = { mean: [1.2646501, -0.259826], variance: [0.4796777, 0.634718], covariance: -0.0879941 };
    for (const i of [0, 1]) {
      const draws = coordinateOf(chains, 2, i);
      const stddev = Math.sqrt(known.variance[i]!);
      expect(rankNormalizedRhat(draws)).to.be.below(1.01);
      expect(tailEss(draws)).to.be.above(400);
      expect(mcseMean(draws)).to.be.below(0.02 * stddev);
      expect(Math.abs(averageOf(draws) - known.mean[i]!)).to.be.below(4 * mcseMean(draws));
      const squares = draws.map((chain) => chain.map((x) => (x - known.mean[i]!) ** 2));
      expect(Math.abs(averageOf(squares) - known.variance[i]!)).to.be.below(4 * mcseMean(squares));
    }
    const [slope, intercept] = [coordinateOf(chains, 2, 0), coordinateOf(chains, 2, 1)];
    const products = slope.map((chain, c) =>
      chain.map((x, n) => (x - known.mean[0]!) * (intercept[c]![n]! - known.mean[1]!)),
    );
    expect(Math.abs(averageOf(products) - known.covariance)).to.be.below(4 * mcseMean(products));
  });

  it('a start outside the support is refused', () => {
    const outside: LogDensity = { dimension: 1, evaluate: () => Number.NEGATIVE_INFINITY };
    expect(() => sampleHmc(outside, {}, rootStream(1, 'float64'))).to.throw(RangeError, 'starts inside the support');
  });
});

function averageOf(chains: readonly Float64Array[]): number {
  let sum = 0;
  let count = 0;
  for (const chain of chains)
    for (const x of chain) {
      sum += x;
      count++;
    }
  return sum / count;
}

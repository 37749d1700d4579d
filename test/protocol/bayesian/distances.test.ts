import { expect } from 'chai';
import {
  conjugatePosterior,
  gaussianOfFactor,
  gaussianPriorFactor,
  linearRegressionFactor,
  productOfFactors,
} from '../../../protocol/bayesian/conjugate.js';
import {
  momentsOfDraws,
  relativeCovarianceError,
  squaredMahalanobis,
  wasserstein2,
} from '../../../protocol/bayesian/distances.js';

const first = { mean: Float64Array.of(0, 0), covariance: Float64Array.of(2, 0.5, 0.5, 1) };
const second = { mean: Float64Array.of(1, -1), covariance: Float64Array.of(1, -0.3, -0.3, 3) };

describe('protocol/bayesian/distances', () => {
  it('W2 = 1.7115232557484499 in both directions', () => {
    expect(wasserstein2(first, second)).to.be.closeTo(1.7115232557484499, 1e-14);
    expect(wasserstein2(second, first)).to.be.closeTo(1.7115232557484499, 1e-14);
  });

  it('every distance of a law from itself is 0 (W2 to the root of rounding, 1e-7)', () => {
    expect(wasserstein2(second, second)).to.be.below(1e-7);
    for (let k = 1; k <= 50; k++) {
      const law = { mean: second.mean, covariance: second.covariance.map((entry) => entry * k * 0.37) };
      expect(wasserstein2(law, law), `${k}`).to.be.below(1e-6);
    }
    expect(relativeCovarianceError(second, second)).to.equal(0);
    expect(squaredMahalanobis(second.mean, second)).to.equal(0);
  });

  it('Mahalanobis of (1, 0) under [[2, .5], [.5, 1]] is 1/1.75', () => {
    expect(squaredMahalanobis([1, 0], first)).to.be.closeTo(1 / 1.75, 1e-15);
  });

  it('moments of (0, 0), (2, 2), (4, -2): mean (2, 0), covariance [[4, -2], [-2, 4]]', () => {
    const { mean, covariance } = momentsOfDraws(
      [
        [0, 0],
        [2, 2],
        [4, -2],
      ].map((draw) => Float64Array.from(draw)),
    );
    expect([...mean]).to.deep.equal([2, 0]);
    expect([...covariance]).to.deep.equal([4, -2, -2, 4]);
  });
});

describe('protocol/bayesian/conjugate', () => {
  const features = Float64Array.of(1, 0, 1, 1, 1, 2, 1, 3);
  const targets = Float64Array.of(1, 2, 2.5, 4);
  const prior = gaussianPriorFactor(2, 1 / 10);

  it('linear regression: mean (0.9406803, 0.95229363), covariance as published in the fixture', () => {
    const { mean, covariance } = conjugatePosterior(prior, [linearRegressionFactor(features, targets, 0.25)]);
    expect(mean[0]).to.be.closeTo(0.9406803, 5e-8);
    expect(mean[1]).to.be.closeTo(0.95229363, 5e-9);
    expect(covariance[0]).to.be.closeTo(0.17144952782616657, 1e-15);
    expect(covariance[1]).to.be.closeTo(-0.07334739158338678, 1e-15);
    expect(covariance[3]).to.be.closeTo(0.049203875187188634, 1e-15);
  });

  it('any split of the rows gives the same product of shard factors, bit for bit in this order', () => {
    const whole = linearRegressionFactor(features, targets, 0.25);
    const split = productOfFactors([
      linearRegressionFactor(features.subarray(0, 2), targets.subarray(0, 1), 0.25),
      linearRegressionFactor(features.subarray(2), targets.subarray(1), 0.25),
    ]);
    expect([...split.eta]).to.deep.equal([...whole.eta]);
    expect([...split.precision]).to.deep.equal([...whole.precision]);
  });

  it("adding a worker changes the product by exactly that worker's pair (integers)", () => {
    const pair = { eta: Float64Array.of(3, -5), precision: Float64Array.of(7, 1, 1, 11) };
    const before = productOfFactors([pair, pair]);
    const after = productOfFactors([pair, pair, { eta: pair.eta, precision: pair.precision }]);
    expect([...after.eta].map((value, i) => value - before.eta[i]!)).to.deep.equal([3, -5]);
    expect([...after.precision].map((value, i) => value - before.precision[i]!)).to.deep.equal([7, 1, 1, 11]);
  });

  it('an improper factor has no Gaussian', () => {
    expect(() => gaussianOfFactor(linearRegressionFactor(features.subarray(0, 2), targets.subarray(0, 1), 1))).to.throw(
      RangeError,
      'positive definite',
    );
  });

  it('the error of a covariance is relative to the truth: diag(3, 14) for diag(3, 4) is 10 / 5', () => {
    const truth = { mean: Float64Array.of(0, 0), covariance: Float64Array.of(3, 0, 0, 4) };
    expect(relativeCovarianceError({ ...truth, covariance: Float64Array.of(3, 0, 0, 14) }, truth)).to.equal(2);
    expect(relativeCovarianceError({ ...truth, covariance: Float64Array.of(3, 3, 4, 4) }, truth)).to.equal(1);
  });

  it('the covariance of three coordinates is symmetric: of unit steps 1/3, and products of each two', () => {
    const { covariance } = momentsOfDraws([
      Float64Array.of(1, 2, 4),
      Float64Array.of(3, 1, 0),
      Float64Array.of(2, 3, 5),
    ]);
    expect([...covariance]).to.deep.equal([1, -0.5, -2, -0.5, 1, 2.5, -2, 2.5, 7]);
  });
});

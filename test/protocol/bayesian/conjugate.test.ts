import { expect } from 'chai';
import { marginalFactor } from '../../../protocol/bayesian/conjugate.js';

describe('protocol/bayesian/conjugate', () => {
  it('a diagonal factor comes back as it was, whatever made it proper', () => {
    const factor = { eta: Float64Array.of(6, -4), precision: Float64Array.of(3, 0, 0, 8) };
    const { precision } = marginalFactor(factor, 0.5);
    expect(precision[0]).to.be.closeTo(3, 1e-12);
    expect(precision[1]).to.be.closeTo(8, 1e-12);
  });

  it('a correlated one by hand: marginal variances 1 / (1 - r^2) of precisions 1, and a flat direction stays flat', () => {
    const { eta, precision } = marginalFactor(
      { eta: Float64Array.of(1, 0), precision: Float64Array.of(1, 0.6, 0.6, 1) },
      0,
    );
    // Covariance is the inverse: 1 / 0.64 on the diagonal, -0.6 / 0.64 beside it; the mean is that times eta.
    for (const entry of precision) expect(entry).to.be.closeTo(0.64, 1e-12);
    expect(eta[0]).to.be.closeTo(0.64 / 0.64, 1e-12);
    expect(eta[1]).to.be.closeTo(0.64 * (-0.6 / 0.64), 1e-12);
    const flat = marginalFactor({ eta: Float64Array.of(1, 0), precision: Float64Array.of(1, 0, 0, 0) }, 0.25);
    expect(flat.precision[1]).to.be.closeTo(0, 1e-12);
  });
});

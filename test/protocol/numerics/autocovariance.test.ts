import { expect } from 'chai';
import { autocovarianceAt, autocovariances } from '../../../protocol/numerics/autocovariance.js';
import { rootStream } from '../../../protocol/numerics/random.js';

describe('protocol/numerics/autocovariance', () => {
  it('of 1, 2, 3, 4: 5/4, 5/16, -3/8, -9/16', () => {
    const x = Float64Array.of(1, 2, 3, 4);
    const found = autocovariances(x, 2.5);
    for (const [lag, expected] of [5 / 4, 5 / 16, -3 / 8, -9 / 16].entries()) {
      expect(autocovarianceAt(x, 2.5, lag)).to.equal(expected);
      expect(found[lag]).to.be.closeTo(expected, 1e-15);
    }
  });

  it('the transform agrees with the definition at every lag, for lengths 1, 2, 63, 64 and 1,001 (1e-13)', () => {
    for (const n of [1, 2, 63, 64, 1001]) {
      const x = rootStream(4, 'float64').derive(n).normal(n);
      const all = autocovariances(x, 0.3);
      expect(all.length).to.equal(n);
      for (let lag = 0; lag < n; lag++) expect(all[lag]).to.be.closeTo(autocovarianceAt(x, 0.3, lag), 1e-13);
    }
  });
});

import { expect } from 'chai';
import { riskWeights, type Spectrum, sigmaOf } from '../../../../protocol/methods/fair/parts/spectral-risk.js';

const spectrum: Spectrum = { spectrum: 'mean', level: 0.5, order: 2, rate: 1 };
const LOSSES = [0.2, 1, 0.5, 3];
const CVAR = Float64Array.of(0, 0, 0.5, 0.5);

function near(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(actual[i], `entry ${i}`).to.be.closeTo(value, 1e-12);
}

describe('spectral risk', () => {
  it('has the weights of the fixture, which a quadratic program by brute force gives too', () => {
    near(riskWeights(LOSSES, CVAR, 0), [0, 0.5, 0, 0.5]);
    near(riskWeights(LOSSES, CVAR, 1e-9), [0, 0.5, 0, 0.5]);
    near(riskWeights(LOSSES, CVAR, 2), [0, 0.375, 0.125, 0.5]);
    near(riskWeights(LOSSES, CVAR, 4), [0.075, 0.275, 0.15, 0.5]);
    near(riskWeights(LOSSES, CVAR, 8), [0.128125, 0.228125, 0.165625, 0.478125]);
    near(riskWeights(LOSSES, CVAR, 1e14), [0.25, 0.25, 0.25, 0.25]);
  });

  it('sigma sums to 1 and does not fall, for every spectrum and 1 to 40 losses', () => {
    for (const name of ['mean', 'cvar', 'extremile', 'exponential'] as const)
      for (const level of [0, 0.3, 0.95])
        for (let n = 1; n <= 40; n++) {
          const sigma = sigmaOf({ ...spectrum, spectrum: name, level }, n);
          expect(sigma.reduce((sum, one) => sum + one)).to.be.closeTo(1, 1e-12);
          for (let i = 1; i < n; i++) expect(sigma[i]! - sigma[i - 1]!).to.be.above(-1e-12);
        }
  });

  it('CVaR at 0.7 of five losses: half of the fourth and all of the fifth, 0, 0, 0, 1/3, 2/3', () => {
    near(sigmaOf({ ...spectrum, spectrum: 'cvar', level: 0.7 }, 5), [0, 0, 0, 1 / 3, 2 / 3]);
  });

  it('extremile of order 2 of n losses: (2 i - 1) / n^2', () => {
    near(sigmaOf({ ...spectrum, spectrum: 'extremile' }, 4), [1 / 16, 3 / 16, 5 / 16, 7 / 16]);
  });

  it('equal losses have equal weights, also where only the order counts', () => {
    near(riskWeights([1, 1, 0, 1], Float64Array.of(0, 0, 0.2, 0.8), 0), [1 / 3, 1 / 3, 0, 1 / 3]);
    near(riskWeights([1, 1, 1, 1], CVAR, 2), [0.25, 0.25, 0.25, 0.25]);
  });
});

import { expect } from 'chai';
import { betaCdf, inverseBetaCdf } from '../../../protocol/numerics/beta-distribution.js';
import { inverseNormalCdf, normalDensity } from '../../../protocol/numerics/normal-distribution.js';
import { logGamma, normalCdf } from '../../../protocol/numerics/special-functions.js';

const relativeError = (found: number, expected: number) => Math.abs(found / expected - 1);

describe('protocol/numerics/normal-distribution', () => {
  it('the distribution function agrees with 30-digit values to 2e-15 relative, at -10 and -37 too', () => {
    const known: readonly (readonly [number, number])[] = [
      [-1.5, 0.06680720126885806600449],
      [-1.2, 0.11506967022170826802222],
      [-3, 0.00134989803163009452665],
      [-0.5, 0.30853753872598689636229],
      [0.7, 0.75803634777692698525064],
      [-10, 7.61985302416052606597e-24],
      [-37, 5.72557122252457682e-300],
    ];
    for (const [x, probability] of known) {
      expect(relativeError(normalCdf(x), probability), `at ${x}`).to.be.below(2e-15);
    }
    expect(normalDensity(0)).to.be.closeTo(1 / Math.sqrt(2 * Math.PI), 1e-16);
  });

  it('the inverse agrees with 30-digit values to 1e-15 relative, at 1e-20 and next to one half too', () => {
    const known: readonly (readonly [number, number])[] = [
      [1e-20, -9.262340089798407579572],
      [1e-5, -4.264890793922824610234],
      [0.01, -2.326347874040841093075],
      [0.07, -1.475791028179170685609],
      [0.2, -0.841621233572914165522],
      [0.4999, -0.000250662830088007492],
      [0.3, -0.524400512708040815969],
    ];
    for (const [p, x] of known) expect(relativeError(inverseNormalCdf(p), x), `at ${p}`).to.be.below(1e-15);
    expect(inverseNormalCdf(0.5)).to.equal(0);
    expect(inverseNormalCdf(0.75)).to.equal(-inverseNormalCdf(0.25));
    expect(inverseNormalCdf(0)).to.equal(Number.NEGATIVE_INFINITY);
    expect(inverseNormalCdf(1)).to.equal(Number.POSITIVE_INFINITY);
    expect(inverseNormalCdf(-0.1)).to.be.NaN;
  });

  it('there and back: cdf(inverse(p)) = p to 5e-13 relative down to 1e-299, to 1e-14 in the middle', () => {
    for (let exponent = -299; exponent < 0; exponent += 7) {
      const p = 0.9 * 10 ** exponent;
      expect(relativeError(normalCdf(inverseNormalCdf(p)), p), `p = ${p}`).to.be.below(5e-13);
    }
    for (let p = 0.02; p < 0.95; p += 0.01)
      expect(relativeError(normalCdf(inverseNormalCdf(p)), p), `p = ${p}`).to.be.below(1e-14);
  });
});

describe('protocol/numerics/beta-distribution', () => {
  it('ln Gamma, the distribution function and its inverse agree with SciPy to 1e-12 relative', () => {
    expect(logGamma(0.5)).to.be.closeTo(Math.log(Math.sqrt(Math.PI)), 1e-14);
    expect(relativeError(logGamma(3.7), 1.428072326665388)).to.be.below(1e-14);
    expect(relativeError(logGamma(1234.5), 7550.550901077894)).to.be.below(1e-14);
    expect(relativeError(betaCdf(0.3, 2.5, 7.25), 0.6604822735819071)).to.be.below(1e-12);
    expect(relativeError(inverseBetaCdf(0.1586553, 21, 381), 0.04121762713829746)).to.be.below(1e-12);
    expect(relativeError(inverseBetaCdf(0.8413447, 0.5, 0.7), 0.846669994638922)).to.be.below(1e-12);
    expect(relativeError(inverseBetaCdf(1e-4, 300.5, 2), 0.9616949515720031)).to.be.below(1e-12);
  });

  it('Beta(2, 3) at 0.3 is the polynomial 0.3483, and the ends are 0 and 1', () => {
    expect(betaCdf(0.3, 2, 3)).to.be.closeTo(0.3483, 1e-14); // 6 x^2 - 8 x^3 + 3 x^4
    expect(betaCdf(0, 2, 3)).to.equal(0);
    expect(betaCdf(1, 2, 3)).to.equal(1);
    expect(inverseBetaCdf(1, 2, 3)).to.equal(1);
  });
});

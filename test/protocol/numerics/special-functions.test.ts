import { expect } from 'chai';
import {
  erfc,
  inverseErfc,
  inverseNormalCdf,
  inverseNormalCdfOfLog,
  logAddExp,
  logExpMinusOne,
  logGamma,
  logNormalCdf,
  logOneMinusExp,
  logSubtractExp,
  logSumExp,
  millsRatio,
  millsSlope,
  normalCdf,
} from '../../../protocol/numerics/special-functions.js';

const relative = (got: number, expected: number) => Math.abs(got / expected - 1);

/** x, erfc(x), erfc(-x), ln Phi(-x), ln Gamma(x), each computed with 40 digits. */
const REFERENCE = [
  [0.001, 0.99887162120903076, 1.0011283787909692, -0.69394538346696518, 6.9071788853838537],
  [0.48999999999999999, 0.48833173881147691, 1.5116682611885231, -1.1645375327259692, 0.59224962933526706],
  [1.0177, 0.15008107941407508, 1.8499189205859249, -1.8681421044888547, -0.0099612422645301983],
  [1.5, 0.033894853524689273, 1.9661051464753107, -2.7059444008238898, -0.12078223763524522],
  [3.0, 2.2090496998585441e-5, 1.9999779095030014, -6.6077262215103495, Math.LN2],
  [8.25, 1.8735664705504997e-31, 2.0, -37.074589931901533, 9.0331869196051229],
  [26.0, 5.6631924088561428e-296, 2.0, -342.17850892992783, 58.00360522298052],
] as const;

describe('protocol/numerics/special-functions', () => {
  it('erfc, the normal tail and ln Gamma agree with 40-digit values to 1e-14', () => {
    for (const [x, tail, above, logCdf, gamma] of REFERENCE) {
      expect(relative(erfc(x), tail), `erfc(${x})`).to.be.below(2e-14);
      expect(relative(erfc(-x), above), `erfc(-${x})`).to.be.below(1e-15);
      expect(relative(logNormalCdf(-x), logCdf), `ln Phi(-${x})`).to.be.below(1e-14);
      expect(Math.abs(logGamma(x) - gamma), `ln Gamma(${x})`).to.be.below(1e-14 * Math.max(1, Math.abs(gamma)));
    }
    expect(relative(logNormalCdf(-1000), -500007.82669481218)).to.be.below(1e-15);
    expect(relative(logNormalCdf(8), -6.2209605742717861e-16)).to.be.below(1e-13);
  });

  it('planted: 1 - Phi by subtraction has lost every digit at x = 9, the Mills form none', () => {
    expect(1 - normalCdf(9)).to.equal(0);
    expect(relative(normalCdf(-9), 1.1285884059538405e-19)).to.be.below(1e-14);
  });

  it('the two expansions of Mills ratio meet: value and slope continuous at 1.5 to 1e-14, M(-t) + M(t) = 1 / phi(t)', () => {
    const [left, right] = [1.5 - 1e-15, 1.5];
    expect(relative(millsRatio(left), millsRatio(right))).to.be.below(1e-14);
    expect(relative(millsSlope(left), millsSlope(right))).to.be.below(1e-13);
    for (const t of [0.3, 2, 6])
      expect(relative((millsRatio(-t) + millsRatio(t)) * Math.exp((-t * t) / 2), Math.sqrt(2 * Math.PI))).to.be.below(
        1e-14,
      );
  });

  it('the quantile inverts the distribution from 1e-300 to 1 - 1e-9, and ln probabilities down to -10^6', () => {
    for (const p of [1e-300, 1e-12, 0.01, 0.3, 0.5, 0.7, 0.999, 1 - 1e-9])
      expect(relative(normalCdf(inverseNormalCdf(p)), p)).to.be.below(1e-13);
    expect(inverseNormalCdf(0.975)).to.be.closeTo(1.959963984540054, 1e-14);
    expect(relative(logNormalCdf(inverseNormalCdfOfLog(-1e6)), -1e6)).to.be.below(1e-14);
    expect(relative(erfc(inverseErfc(1e-4)), 1e-4)).to.be.below(1e-13);
    expect(inverseNormalCdf(0)).to.equal(Number.NEGATIVE_INFINITY);
    expect(inverseNormalCdf(1)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('logarithms of sums and differences neither overflow nor cancel', () => {
    expect(logAddExp(1000, 1000)).to.be.closeTo(1000 + Math.LN2, 1e-12);
    expect(logAddExp(Number.NEGATIVE_INFINITY, -3)).to.equal(-3);
    expect(logSubtractExp(1000, 999)).to.be.closeTo(1000 + Math.log(1 - Math.exp(-1)), 1e-12);
    expect(relative(Math.exp(logOneMinusExp(-1e-20)), 1e-20)).to.be.below(1e-13);
    expect(relative(Math.exp(logExpMinusOne(1e-20)), 1e-20)).to.be.below(1e-13);
    expect(logExpMinusOne(5000)).to.equal(5000);
    expect(logSumExp([-1e4, -1e4 + Math.log(3)])).to.be.closeTo(-1e4 + Math.log(4), 1e-11);
    expect(logSumExp([])).to.equal(Number.NEGATIVE_INFINITY);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { erfc } from '../../../../protocol/numerics/special-functions.js';
import {
  composedEpsilon,
  composedRdp,
  type GaussianReleases,
} from '../../../../protocol/privacy/accounting/accountant.js';
import { calibrateNoiseMultiplier } from '../../../../protocol/privacy/accounting/calibration.js';
import {
  epsilonAtOrder,
  logDeltaAtOrder,
  rdpToDelta,
  rdpToEpsilon,
} from '../../../../protocol/privacy/accounting/conversion.js';
import { ORDER_GRIDS, resolveOrders } from '../../../../protocol/privacy/accounting/orders.js';
import {
  gaussianRdp,
  logExcessBinomial,
  logExcessTrapezoid,
  sampledGaussianRdp,
} from '../../../../protocol/privacy/accounting/rdp-gaussian.js';
import { gridAndConversion, relativeError, vectors } from '../vectors.js';

const release = (sampling: number, noiseMultiplier: number, count: number): GaussianReleases => ({
  sampling,
  noiseMultiplier,
  count,
});

/** Mironov, Talwar, Zhang 2019, section 3.3: the series for fractional orders, 60 terms, with what `weight` does to the signs. */
function binomialSeriesRdp(order: number, q: number, z: number, weight: (binomial: number) => number): number {
  const z0 = z * z * Math.log(1 / q - 1) + 0.5;
  const tail = (at: number) => 0.5 * erfc(at / (Math.SQRT2 * z));
  const part = (k: number, logTail: number) =>
    Math.exp((order - k) * Math.log1p(-q) + k * Math.log(q) + (k * k - k) / (2 * z * z) + logTail);
  let binomial = 1;
  let sum = 0;
  for (let i = 0; i < 60; i++) {
    const other = order - i;
    sum += weight(binomial) * (part(i, Math.log(tail(i - z0))) + part(other, Math.log(tail(z0 - other))));
    binomial *= (order - i) / (i + 1);
  }
  return Math.log(sum) / (order - 1);
}

describe('protocol/privacy/accountant', () => {
  for (const { id, q, sigma, steps, delta, epsilon } of vectors.rdp_epsilon) {
    it(`${id}: q ${q}, z ${sigma}, ${steps} steps, delta ${delta} agree to 1e-12 on all grids, same order`, () => {
      for (const [name, expected] of Object.entries(epsilon)) {
        const got = composedEpsilon([release(q, sigma, steps)], delta, { ...gridAndConversion(name), method: 'rdp' });
        expect(relativeError(got.epsilon, expected.epsilon), name).to.be.below(1e-12);
        expect(got.order, name).to.equal(expected.order);
      }
    });
  }

  it('mixtures of sampled and unsampled releases add Renyi orders and agree to 1e-12', () => {
    for (const { groups, delta, epsilon } of vectors.rdp_mixed) {
      const releases = groups.map(({ q, sigma, steps }) => release(q, sigma, steps));
      for (const [name, expected] of Object.entries(epsilon)) {
        const got = composedEpsilon(releases, delta, gridAndConversion(name));
        expect(relativeError(got.epsilon, expected.epsilon)).to.be.below(1e-12);
        expect(got.order).to.equal(expected.order);
        expect(got.method).to.equal('rdp');
      }
    }
  });

  it('RDP at single orders agrees to 1e-11 relative, tiny values included', () => {
    for (const { q, sigma, order, rdp } of vectors.rdp_order)
      expect(relativeError(sampledGaussianRdp(order, q, sigma), rdp)).to.be.below(1e-11);
  });

  it('a high fractional order at a high sampling rate is a number, to 1e-12 (reference: mpmath, 60 digits)', () => {
    expect(relativeError(sampledGaussianRdp(898.6, 0.8723, 2.191), 93.458013603466628756)).to.be.below(1e-12);
  });

  it('hardly any noise agrees to 1e-12 at once, down to where epsilon passes the largest double (mpmath, 40 digits)', () => {
    for (const [order, q, z, rdp] of [
      [1.1, 0.1, 0.02, 1349.6715639770655723],
      [1.5, 1e-6, 0.1, 33.553468429618111455],
      [1.1, 0.1, 1e-6, 549999999974.67165816],
      [1.5, 0.1, 1e-6, 749999999993.0923126],
    ] as const)
      expect(relativeError(sampledGaussianRdp(order, q, z), rdp), `${order} ${q} ${z}`).to.be.below(1e-12);
    const spent = composedEpsilon([release(0.1, 1e-6, 10)], 1e-5);
    expect(relativeError(spent.epsilon, 5499999999858.4948392)).to.be.below(1e-12);
    expect(composedEpsilon([release(0.1, 1e-200, 10)], 1e-5).epsilon).to.equal(Number.POSITIVE_INFINITY);
  });

  it('a target of a million takes 0.000741651907239964 of noise; one that no noise multiplier above 2^-200 meets is refused', () => {
    const target = { epsilon: 1e6, delta: 1e-5, sampling: 0.1, steps: 1 };
    const { noiseMultiplier } = calibrateNoiseMultiplier(target);
    expect(relativeError(noiseMultiplier, 0.00074165190723996361154)).to.be.below(1e-12);
    for (const sampling of [0.1, 1])
      for (const method of ['auto', 'rdp'] as const)
        expect(() => calibrateNoiseMultiplier({ ...target, sampling, epsilon: 1e300 }, { method })).to.throw(
          /ERR_PRIVACY: target epsilon.*2\^-200.*1e\+300/,
        );
  });

  it('nothing sampled, nothing released: epsilon 0; no noise: Infinity; infinite noise: 0', () => {
    for (const { q, sigma, steps, delta, epsilon } of vectors.edge_cases)
      for (const method of ['auto', 'rdp'] as const)
        expect(composedEpsilon([release(q, sigma, steps)], delta, { method }).epsilon).to.equal(Number(epsilon));
    expect(composedEpsilon([release(0.1, Number.POSITIVE_INFINITY, 3)], 1e-5).epsilon).to.equal(0);
    expect(composedEpsilon([release(0.1, 0, 3)], 1e-5).epsilon).to.equal(Number.POSITIVE_INFINITY);
  });

  it('the trapezoid equals the binomial sum at integer orders, to 1e-11 in ln(A - 1)', () => {
    for (const q of [1e-5, 0.01, 0.3, 0.999])
      for (const z of [0.3, 1, 4, 100])
        for (const order of [2, 3, 7, 32]) {
          const sum = logExcessBinomial(order, q, z);
          expect(Math.abs(logExcessTrapezoid(order, q, z) - sum)).to.be.below(1e-11 * Math.max(1, Math.abs(sum)));
        }
  });

  it('planted: without the signs of the fractional binomials RDP is 3.2 % too large; with them it meets the trapezoid', () => {
    // 50 steps at a = 1.5, q = 0.01, z = 2.5: 6.70579741e-4 is a published constant of the bound without signs.
    const exact = 50 * sampledGaussianRdp(1.5, 0.01, 2.5);
    expect(50 * binomialSeriesRdp(1.5, 0.01, 2.5, Math.abs)).to.be.closeTo(6.70579741e-4, 5e-12);
    expect(50 * binomialSeriesRdp(1.5, 0.01, 2.5, (x) => x)).to.be.closeTo(exact, 2e-10);
    expect(exact).to.be.closeTo(6.50070897e-4, 5e-12);
  });

  it('planted: squaring the noise multiplier, or halving it, misses every vector of 50 or more steps by more than 1 %', () => {
    for (const { q, sigma, steps, delta, epsilon } of vectors.rdp_epsilon.filter(
      (v) => v.sigma !== 1 && v.steps >= 50,
    )) {
      const expected = epsilon['int_2_256/tight']!.epsilon;
      for (const wrong of [sigma * sigma, sigma / 2]) {
        const got = composedEpsilon([release(q, wrong, steps)], delta, { orders: 'int_2_256', method: 'rdp' });
        expect(relativeError(got.epsilon, expected)).to.be.above(0.01);
      }
    }
  });

  it('published: Abadi et al. 1.26 (classic); TF Privacy 10.8602036; RDP against PLD 7.329 over 6.777', () => {
    const abadi = composedEpsilon([release(0.01, 4, 10_000)], 1e-5, { orders: 'int_2_256', conversion: 'classic' });
    expect(abadi.epsilon).to.be.closeTo(1.26, 0.005);
    expect(abadi.order).to.equal(20);
    const full = composedEpsilon([release(1, 0.7, 2)], 1e-5, { method: 'rdp' });
    expect(full.epsilon).to.be.closeTo(10.8602036, 5e-8);
    // The exact Gaussian is the PRV answer for this one: 10.12.
    expect(composedEpsilon([release(1, 0.7, 2)], 1e-5).epsilon).to.be.closeTo(10.12, 0.005);
    expect(composedEpsilon([release(0.04, 1.5, 2250)], 1e-5).epsilon).to.be.closeTo(7.32911117, 5e-9);
    expect(composedEpsilon([release(0.01, 0.7, 120)], 1e-5).epsilon).to.be.closeTo(3.2391922, 5e-8);
  });

  it('warns when the best order is an end of the grid, and not when it lies inside', () => {
    const low = composedEpsilon([release(1.024e-5, 0.1, 976_563)], 1e-7, { orders: 'opacus' });
    expect(low.order).to.equal(1.1);
    expect(low.warnings[0]).to.match(/lowest/);
    const high = composedEpsilon([release(1e-5, 10, 1)], 1e-3, { orders: 'opacus' });
    expect(high.order).to.equal(63);
    expect(high.warnings[0]).to.match(/highest/);
    expect(composedEpsilon([release(0.01, 1, 1000)], 1e-5).warnings).to.deep.equal([]);
  });

  it('sampled discrete noise is accounted at whole orders only, unsampled at all, and never as an exact Gaussian', () => {
    const whole = composedEpsilon([{ ...release(0.01, 1, 1000), discrete: true }], 1e-5);
    expect(whole.epsilon).to.equal(
      composedEpsilon([release(0.01, 1, 1000)], 1e-5, { orders: ORDER_GRIDS.dp_accounting.filter(Number.isInteger) })
        .epsilon,
    );
    const unsampled = composedEpsilon([{ ...release(1, 5, 10), discrete: true }], 1e-5);
    expect(unsampled.method).to.equal('rdp');
    expect(unsampled.order).to.equal(7.9);
    for (const refused of [release(0.5, 1, 1), { ...release(1, 1, 1), discrete: true }])
      expect(() => composedEpsilon([refused], 1e-5, { method: 'exact-gaussian' })).to.throw(
        'ERR_PRIVACY: method exact',
      );
  });

  it('refuses delta outside (0, 1), q outside [0, 1], negative or missing noise, and fractions of steps', () => {
    for (const delta of [0, 1, -1, Number.NaN])
      expect(() => composedEpsilon([release(0.1, 1, 1)], delta)).to.throw('ERR_PRIVACY: delta');
    for (const q of [-0.1, 1.1, Number.NaN])
      expect(() => composedEpsilon([release(q, 1, 1)], 1e-5)).to.throw('ERR_PRIVACY: sampling');
    expect(() => composedEpsilon([release(0.1, -1, 1)], 1e-5)).to.throw('ERR_PRIVACY: noise multiplier');
    expect(() => composedEpsilon([release(0.1, Number.NaN, 1)], 1e-5)).to.throw('ERR_PRIVACY: noise multiplier');
    expect(() => composedEpsilon([release(0.1, 1, 1.5)], 1e-5)).to.throw('ERR_PRIVACY: steps');
    expect(() => resolveOrders([2, 1.5])).to.throw('ERR_PRIVACY: orders[1]');
    expect(() => resolveOrders('nonsense' as 'opacus')).to.throw('dp_accounting');
  });
});

describe('protocol/privacy: properties of the accountant (fast-check, seed 11)', () => {
  const runs = { seed: 11, numRuns: 60 };
  const q = fc.double({ min: 1e-5, max: 0.99, noNaN: true });
  const z = fc.double({ min: 0.3, max: 50, noNaN: true });
  const steps = fc.integer({ min: 1, max: 1_000_000 });
  const delta = fc.double({ min: 1e-12, max: 1e-2, noNaN: true });
  const orders = ORDER_GRIDS.tfp_legacy;
  const epsilon = (releases: GaussianReleases[], at: number, conversion: 'tight' | 'classic' = 'tight') =>
    composedEpsilon(releases, at, { orders, conversion, method: 'rdp' }).epsilon;

  it('epsilon falls with noise and delta, grows with q and steps, and is at most that of q = 1', () => {
    fc.assert(
      fc.property(q, z, steps, delta, (q, z, steps, delta) => {
        const base = epsilon([release(q, z, steps)], delta);
        const slack = 1 + 1e-12;
        expect(epsilon([release(q, z * 1.1, steps)], delta)).to.be.at.most(base * slack);
        expect(epsilon([release(q, z, steps)], delta * 2)).to.be.at.most(base * slack);
        expect(base).to.be.at.most(epsilon([release(q, z, steps + 1)], delta) * slack);
        expect(base).to.be.at.most(epsilon([release(q + 0.01, z, steps)], delta) * slack);
        expect(base).to.be.at.most(epsilon([release(1, z, steps)], delta) * slack);
        expect(base).to.be.at.most(epsilon([release(q, z, steps)], delta, 'classic') * slack);
      }),
      runs,
    );
  });

  it('RDP never falls with the order, across the seam between whole and fractional orders', () => {
    fc.assert(
      fc.property(q, z, fc.double({ min: 1.05, max: 40, noNaN: true }), (q, z, order) => {
        const whole = Math.floor(order) + 1;
        const at = sampledGaussianRdp(order, q, z);
        expect(at).to.be.at.most(sampledGaussianRdp(whole, q, z) * (1 + 1e-11));
        if (whole > 2) expect(sampledGaussianRdp(whole - 1, q, z)).to.be.at.most(at * (1 + 1e-11));
      }),
      runs,
    );
  });

  it('n unsampled steps at z equal one at z / sqrt(n), and the exact Gaussian is below the tight RDP', () => {
    fc.assert(
      fc.property(z, steps, delta, (z, steps, delta) => {
        const many = epsilon([release(1, z, steps)], delta);
        expect(relativeError(epsilon([release(1, z / Math.sqrt(steps), 1)], delta), many)).to.be.below(1e-12);
        expect(composedEpsilon([release(1, z, steps)], delta).epsilon).to.be.at.most(many * (1 + 1e-12));
      }),
      runs,
    );
  });

  it('splitting one release into entries of a ledger changes nothing', () => {
    const whole = composedRdp(orders, [release(0.02, 1.3, 100)]);
    const parts = composedRdp(orders, [release(0.02, 1.3, 60), release(0.02, 1.3, 40)]);
    whole.forEach((value, i) => {
      expect(relativeError(parts[i]!, value)).to.be.below(1e-14);
    });
  });

  it('the tight delta inverts the tight epsilon at every order', () => {
    for (const order of [1.5, 4, 40]) {
      const rdp = gaussianRdp(order, 2);
      const at = epsilonAtOrder(order, rdp, 1e-6, 'tight');
      expect(logDeltaAtOrder(order, rdp, at)).to.be.closeTo(Math.log(1e-6), 1e-12);
    }
    const rdp = composedRdp(orders, [release(0.01, 1, 1000)]);
    const converted = rdpToEpsilon(orders, rdp, 1e-5);
    expect(relativeError(rdpToDelta(orders, rdp, converted.epsilon), 1e-5)).to.be.below(1e-11);
  });
});

describe('protocol/privacy/calibration', () => {
  for (const { id, q, steps, epsilon, delta, grid, conversion, sigma } of vectors.noise_calibration)
    it(`${id}: the smallest noise for epsilon ${epsilon} agrees to 1e-12 and 0.1 % less noise breaks the target`, () => {
      const options = { orders: grid, conversion, method: 'rdp' as const };
      const got = calibrateNoiseMultiplier({ epsilon, delta, sampling: q, steps }, options);
      expect(relativeError(got.noiseMultiplier, sigma)).to.be.below(1e-12);
      const spent = (z: number) => composedEpsilon([release(q, z, steps)], delta, options).epsilon;
      expect(spent(got.noiseMultiplier)).to.be.at.most(epsilon);
      expect(spent(got.noiseMultiplier * (1 - 1e-3))).to.be.above(epsilon);
    });

  it('full batches are calibrated exactly: z = sqrt(n) / mu, and the target holds at what is returned', () => {
    const got = calibrateNoiseMultiplier({ epsilon: 2, delta: 1e-5, sampling: 1, steps: 50 });
    expect(got.method).to.equal('exact-gaussian');
    expect(relativeError(got.noiseMultiplier, 1.9938124456435367 * Math.sqrt(50))).to.be.below(1e-12);
    expect(got.epsilon).to.be.at.most(2);
  });

  it('a target below the floor of the grid is refused with the floor, not searched without end', () => {
    expect(() =>
      calibrateNoiseMultiplier({ epsilon: 0.01, delta: 1e-5, sampling: 0.1, steps: 10 }, { orders: 'opacus' }),
    ).to.throw(/ERR_PRIVACY.*floor is 0\.1/);
  });
});

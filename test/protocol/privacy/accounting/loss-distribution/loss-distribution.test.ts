import { expect } from 'chai';
import fc from 'fast-check';
import { composedEpsilon } from '../../../../../protocol/privacy/accounting/accountant.js';
import { gaussianEpsilon } from '../../../../../protocol/privacy/accounting/gaussian-composition.js';
import {
  composedCurve,
  transformSize,
} from '../../../../../protocol/privacy/accounting/loss-distribution/composition.js';
import { bestTilt, tiltedWindow } from '../../../../../protocol/privacy/accounting/loss-distribution/cumulants.js';
import {
  transform,
  transformError,
  twiddlesOf,
} from '../../../../../protocol/privacy/accounting/loss-distribution/fourier.js';
import {
  type GridLosses,
  optimisticLosses,
  pessimisticLosses,
} from '../../../../../protocol/privacy/accounting/loss-distribution/grid-losses.js';
import { lossBins } from '../../../../../protocol/privacy/accounting/loss-distribution/loss-bins.js';
import {
  lossDistributionEpsilon,
  type RepeatedGaussian,
} from '../../../../../protocol/privacy/accounting/loss-distribution/loss-distribution.js';
import { normalMass } from '../../../../../protocol/privacy/accounting/loss-distribution/normal-mass.js';
import { gaussianDelta } from '../../../../support/gaussian-privacy.js';
import { monotoneOnRandomPlans } from '../../../../support/random-plans.js';

const release = (sampling: number, noiseMultiplier: number, count: number): RepeatedGaussian => ({
  sampling,
  noiseMultiplier,
  count,
});
const tails = { logBelow: Math.log(1e-16), logAbove: Math.log(1e-60) };

/** delta(epsilon) of one grid distribution, by its definition. */
function deltaOf({ masses, first, spacing, shift, infinity }: GridLosses, epsilon: number): number {
  let delta = infinity;
  masses.forEach((mass, i) => {
    const loss = (first + i) * spacing + shift;
    if (loss > epsilon) delta -= mass * Math.expm1(epsilon - loss);
  });
  return delta;
}

/** The sampled Gaussian's curve where its record is removed: P(x > b) - e^epsilon Q(x > b), b where the loss is epsilon. */
function sampledDelta(q: number, z: number, epsilon: number): number {
  const t = Math.log(Math.expm1(epsilon) / q + 1);
  const b = z * z * t + 0.5;
  const above = (mean: number) => normalMass((b - mean) / z, Number.POSITIVE_INFINITY);
  return q * above(1) + (1 - q - Math.exp(epsilon)) * above(0);
}

describe('protocol/privacy/accounting/loss-distribution', () => {
  describe('tools', () => {
    it('a transform there and back returns 1,024 numbers within the stated bound, and the first output is their sum', () => {
      const size = 1024;
      const real = Float64Array.from({ length: size }, (_, i) => ((i * 7919) % 1009) / 1009);
      const before = real.slice();
      const sum = before.reduce((a, b) => a + b, 0);
      const imaginary = new Float64Array(size);
      const twiddles = twiddlesOf(size);
      transform(real, imaginary, twiddles);
      expect(Math.abs(real[0]! - sum)).to.be.below(transformError(size) * sum);
      transform(real, imaginary, twiddles, true);
      const worst = before.reduce((most, value, i) => Math.max(most, Math.abs(real[i]! / size - value)), 0);
      expect(worst).to.be.below(2 * transformError(size) * sum);
      expect(worst).to.be.above(0);
    });

    it('a transform agrees with the sum that defines it on 64 points within the stated bound', () => {
      const size = 64;
      const values = Float64Array.from({ length: size }, (_, i) => Math.abs(Math.sin(i * i)));
      const real = values.slice();
      const imaginary = new Float64Array(size);
      transform(real, imaginary, twiddlesOf(size));
      const total = values.reduce((a, b) => a + b, 0);
      for (let k = 0; k < size; k++) {
        let re = 0;
        let im = 0;
        values.forEach((value, j) => {
          re += value * Math.cos((2 * Math.PI * ((j * k) % size)) / size);
          im -= value * Math.sin((2 * Math.PI * ((j * k) % size)) / size);
        });
        expect(Math.hypot(real[k]! - re, imaginary[k]! - im)).to.be.below(2 * transformError(size) * total);
      }
    });

    it('normal masses of neighbouring intervals add up to the whole to 2e-13 of it, in the middle and 12 deviations out', () => {
      for (const [start, width, count] of [
        [-2, 0.001, 4000],
        [12, 0.0001, 5000],
        [-13, 0.05, 20],
      ] as const) {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += normalMass(start + i * width, start + (i + 1) * width);
        const whole = normalMass(start, start + count * width);
        expect(Math.abs(sum / whole - 1), `from ${start}`).to.be.below(2e-13);
      }
    });
  });

  describe('one release on a grid', () => {
    for (const [q, z, spacing] of [
      [0.01, 1, 2 ** -6],
      [0.3, 0.7, 2 ** -4],
      [1, 2, 2 ** -5],
      [0.001, 3, 2 ** -12],
    ] as const) {
      it(`q ${q}, z ${z}: connect-the-dots is exact at the grid to 1e-7 and above between; merged bins are below`, () => {
        const bins = lossBins({ sampling: q, noiseMultiplier: z }, 'remove', spacing, tails);
        const upper = pessimisticLosses(bins);
        const lower = optimisticLosses(bins, 5);
        const last = bins.first + bins.upper.length;
        for (let step = 1; step < 40; step++) {
          const index = Math.floor((step / 60) * last);
          const exact = sampledDelta(q, z, index * spacing);
          expect(deltaOf(upper, index * spacing) / exact - 1, `at ${index}`).to.be.within(-1e-9, 1e-7);
          const between = (index + 0.37) * spacing;
          const there = sampledDelta(q, z, between);
          expect(deltaOf(upper, between)).to.be.above(there * (1 - 1e-9));
          expect(deltaOf(lower, between)).to.be.below(there * (1 + 1e-9));
          expect(deltaOf(lower, index * spacing)).to.be.below(exact * (1 + 1e-9));
        }
      });
    }

    it('both forms have no more, and no less, mass than they should', () => {
      for (const neighbours of ['remove', 'add', 'replace'] as const) {
        const bins = lossBins({ sampling: 0.2, noiseMultiplier: 0.8 }, neighbours, 2 ** -7, tails);
        const sum = ({ masses, infinity }: GridLosses) => masses.reduce((a, b) => a + b, infinity);
        expect(sum(pessimisticLosses(bins)), neighbours).to.be.within(1, 1 + 1e-12);
        if (neighbours !== 'replace') expect(sum(optimisticLosses(bins, 1)), neighbours).to.be.within(1 - 1e-12, 1);
      }
    });
  });

  describe('composition', () => {
    it('three releases agree with the sum over all triples of losses, to the stated error', () => {
      const bins = lossBins({ sampling: 0.3, noiseMultiplier: 1 }, 'remove', 2 ** -3, tails);
      const losses = pessimisticLosses(bins);
      const repeated = [{ losses, count: 3 }];
      const tilt = bestTilt(repeated, Math.log(1e-5));
      const curve = composedCurve(repeated, tilt, tiltedWindow(repeated, tilt, 1e-12), 1);
      for (const epsilon of [0.5, 2, 4.06]) {
        let direct = 3 * losses.infinity;
        for (const [i, a] of losses.masses.entries())
          for (const [j, b] of losses.masses.entries()) {
            if (a * b < 1e-22) continue;
            for (const [k, c] of losses.masses.entries()) {
              const loss = (3 * losses.first + i + j + k) * losses.spacing;
              if (loss > epsilon) direct -= a * b * c * Math.expm1(epsilon - loss);
            }
          }
        expect(curve.delta(epsilon) / direct - 1, `epsilon ${epsilon}`).to.be.within(-1e-12, 1e-6);
      }
    }).timeout(20_000);

    it('1,000,000 releases: the bound on rounding of the transform, and the mass outside the window, are charged on both sides', () => {
      const losses = pessimisticLosses(lossBins({ sampling: 0.01, noiseMultiplier: 4 }, 'remove', 2 ** -12, tails));
      const repeated = [{ losses, count: 1_000_000 }];
      const tilt = bestTilt(repeated, Math.log(1e-5));
      const window = tiltedWindow(repeated, tilt, 1e-17);
      expect([window.massAbove, window.massBelow]).to.deep.equal([2e-17, 2e-17]);
      const middle = (window.low + window.high) / 2;
      const upper = composedCurve(repeated, tilt, window, 1);
      const lower = composedCurve(repeated, tilt, window, -1);
      const noise = upper.noise(middle);
      expect(noise / upper.delta(middle)).to.be.within(1e-9, 1e-3);
      expect(upper.delta(middle) - lower.delta(middle)).to.be.within(0.8 * noise, 4 * noise);
    });

    it('known values: 0.2604 where Renyi orders give 0.8896, 1.5154 for 1.7118, 6.769 for 7.329', () => {
      for (const [q, z, steps, renyi, expected] of [
        [0.005, 1, 40, 0.8896, 0.2604],
        [0.01, 1.1, 1000, 1.7118, 1.5154],
        [0.04, 1.5, 2250, 7.3291, 6.769],
        [0.01, 0.7, 120, 3.2392, 2.4612],
      ] as const) {
        const { epsilon, lowerEpsilon } = lossDistributionEpsilon([release(q, z, steps)], 1e-5);
        expect(epsilon / expected).to.be.within(0.9995, 1.0005);
        expect(lowerEpsilon).to.be.within(expected * 0.998, epsilon);
        expect(composedEpsilon([release(q, z, steps)], 1e-5).epsilon).to.be.closeTo(renyi, 1e-4);
      }
    });

    it('without sampling both bounds hold the exact Gaussian composition between them, from delta 1e-2 to 1e-60', () => {
      fc.assert(
        fc.property(
          fc.double({ min: 0.05, max: 20, noNaN: true }),
          fc.double({ min: -60, max: -2, noNaN: true }),
          (mu, exponent) => {
            const delta = 10 ** exponent;
            const exact = gaussianEpsilon(mu, delta);
            const { epsilon, lowerEpsilon } = lossDistributionEpsilon([release(1, 1 / mu, 1)], delta);
            expect(epsilon).to.be.at.least(exact * (1 - 1e-12));
            expect(lowerEpsilon).to.be.at.most(exact * (1 + 1e-12));
            expect(epsilon - lowerEpsilon).to.be.at.most(2e-3 * epsilon + 1e-5);
          },
        ),
        { numRuns: 60, seed: 14 },
      );
    }).timeout(60_000);

    it('one sampled release: both bounds hold the closed formula between them', () => {
      for (const [q, z] of [
        [0.1, 0.8],
        [0.01, 0.5],
        [0.7, 2],
      ] as const)
        for (const epsilon of [0.5, 1, 3]) {
          const delta = sampledDelta(q, z, epsilon);
          const bounds = lossDistributionEpsilon([release(q, z, 1)], delta);
          expect(bounds.epsilon).to.be.at.least(epsilon * (1 - 1e-12));
          expect(bounds.lowerEpsilon).to.be.at.most(epsilon * (1 + 1e-12));
          expect(bounds.epsilon).to.be.at.most(epsilon * 1.002 + 1e-5);
        }
    });

    it('epsilon falls in delta and z and grows in steps and q, on 3 random plans', () => {
      monotoneOnRandomPlans(3, 41);
    }).timeout(60_000);

    it('a mixture costs the same in any order and as one kind counted twice, and no less than a part of it', () => {
      const a = release(0.02, 1.3, 60);
      const b = release(0.2, 3, 20);
      const c = release(1, 12, 5);
      const epsilon = lossDistributionEpsilon([a, b, c], 1e-6).epsilon;
      expect(lossDistributionEpsilon([c, a, b], 1e-6).epsilon).to.be.closeTo(epsilon, 1e-9);
      expect(lossDistributionEpsilon([a, b, release(1, 12, 2), release(1, 12, 3)], 1e-6).epsilon).to.be.closeTo(
        epsilon,
        1e-9,
      );
      const twice = lossDistributionEpsilon([release(0.02, 1.3, 30), release(0.02, 1.3, 30)], 1e-6);
      expect(twice.epsilon / lossDistributionEpsilon([a], 1e-6).epsilon).to.be.within(0.998, 1.002);
      expect(lossDistributionEpsilon([a, b], 1e-6).lowerEpsilon).to.be.below(epsilon);
    });

    it('replace-one costs at least what add-remove costs at the same noise, and with q near 1 the Gaussian itself', () => {
      for (const [q, z, steps] of [
        [0.01, 1, 100],
        [0.3, 2, 10],
      ] as const) {
        const replace = lossDistributionEpsilon([release(q, z, steps)], 1e-5, 'replace-one');
        expect(replace.epsilon).to.be.above(lossDistributionEpsilon([release(q, z, steps)], 1e-5).lowerEpsilon);
      }
      const nearly = lossDistributionEpsilon([release(1 - 1e-9, 2, 4)], 1e-5, 'replace-one').epsilon;
      expect(nearly).to.be.closeTo(gaussianEpsilon(1, 1e-5), 0.01);
    });

    it('one replace-one release: delta at epsilon is q times the Gaussian delta at ln(1 + (e^epsilon - 1) / q)', () => {
      const [q, z] = [0.1, 1.5];
      for (const epsilon of [0.2, 1, 2]) {
        const delta = q * gaussianDelta(Math.log1p(Math.expm1(epsilon) / q), 1 / z);
        const bounds = lossDistributionEpsilon([release(q, z, 1)], delta, 'replace-one');
        expect(bounds.epsilon).to.be.within(epsilon * (1 - 1e-12), epsilon * 1.002);
      }
    });

    it('an epsilon beyond e^709 is bounded too: mu 35.84 at delta 2.3e-6, 806.2', () => {
      const exact = gaussianEpsilon(35.84, 2.3e-6);
      expect(exact).to.be.above(800);
      const { epsilon, lowerEpsilon } = lossDistributionEpsilon([release(1, 1 / 35.84, 1)], 2.3e-6);
      expect(epsilon).to.be.within(exact * (1 - 1e-12), exact * 1.001);
      expect(lowerEpsilon).to.be.within(exact * 0.998, exact * (1 + 1e-12));
    });

    it('nothing spent is 0; no noise, or a count beyond what rounding allows, is Infinity and never a number', () => {
      expect(lossDistributionEpsilon([], 1e-5).epsilon).to.equal(0);
      expect(lossDistributionEpsilon([release(0.5, Number.POSITIVE_INFINITY, 3)], 1e-5).epsilon).to.equal(0);
      expect(lossDistributionEpsilon([release(0.5, 0, 3)], 1e-5).epsilon).to.equal(Number.POSITIVE_INFINITY);
    });
  });

  it('the bound on rounding counts every frequency: of 1,000 losses that are certain, whose transform is 1 at all of them', () => {
    const losses = { spacing: 0.5, first: 0, shift: 0, masses: Float64Array.of(1), infinity: 0 };
    const window = { low: -30, high: 30, massBelow: 0, massAbove: 0 };
    const size = transformSize(window, 0.5);
    const curve = composedCurve([{ losses, count: 1000 }], 0, window, 1);
    // Each of `size` frequencies is 1000 powers of a number with an error of e and a product with one of 2.3 u; the transform back adds e.
    const [e, u] = [transformError(size), 2 ** -53];
    const ofEntry = 1000 * (e + 2.3 * u) + e;
    // Without a tilt the errors of all entries add up.
    expect(curve.noise(0) / (size * ofEntry)).to.be.within(1, 1.1);
  });

  it('both bounds keep 1e-12 of delta for the rounding of their comparison', () => {
    for (const [q, z, steps] of [
      [0.1, 1, 10],
      [0.5, 2, 4],
    ] as const) {
      const delta = 1e-5;
      const { epsilon, lowerEpsilon, gridSpacing } = lossDistributionEpsilon(
        [release(q, z, steps)],
        delta,
        'add-remove',
        {
          tolerance: 10,
        },
      );
      const ofGrid = { logAbove: Math.log(delta) + Math.log(1e-7 / steps), logBelow: Math.log(1e-12 / steps) };
      const bins = lossBins({ sampling: q, noiseMultiplier: z }, 'remove', gridSpacing, {
        ...ofGrid,
        logBelow: Math.min(ofGrid.logAbove, ofGrid.logBelow),
      });
      const upper = [{ losses: pessimisticLosses(bins), count: steps }];
      const tilt = bestTilt(upper, Math.log(delta));
      const lower = [{ losses: optimisticLosses(bins, tilt), count: steps }];
      const curveOf = (losses: typeof upper, sign: 1 | -1) =>
        composedCurve(losses, tilt, tiltedWindow(losses, tilt, 1e-10), sign);
      expect(curveOf(upper, 1).delta(epsilon) / delta, `q ${q}`).to.be.within(1 - 2e-12, 1 - 0.9e-12);
      expect(curveOf(lower, -1).delta(lowerEpsilon) / delta, `q ${q}`).to.be.within(1 + 0.9e-12, 1 + 2e-12);
    }
  });

  it('a sum of losses that are certain is where it is: 4 times 1.5 and 2 times -0.5', () => {
    const certain = (first: number) => ({ spacing: 0.5, first, shift: 0, masses: Float64Array.of(1), infinity: 0 });
    const releases = [
      { losses: certain(3), count: 4 },
      { losses: certain(-1), count: 2 },
    ];
    const { low, high } = tiltedWindow(releases, 0, 1e-10);
    expect(low).to.be.closeTo(5, 1e-9);
    expect(high).to.be.closeTo(5, 1e-9);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import type { GaussianReleases } from '../../protocol/privacy/accounting/accountant.js';
import { lossDistributionEpsilon } from '../../protocol/privacy/accounting/loss-distribution/loss-distribution.js';

const plan = fc.record({
  q: fc.double({ min: 1e-3, max: 0.9, noNaN: true }),
  z: fc.double({ min: 0.6, max: 6, noNaN: true }),
  steps: fc.integer({ min: 1, max: 400 }),
  exponent: fc.double({ min: -9, max: -3, noNaN: true }),
});

/** The grids of two plans differ: what is monotone in truth is monotone in the bounds up to their gap. */
function notAbove(less: GaussianReleases, more: GaussianReleases, d1: number, d2 = d1): void {
  const low = lossDistributionEpsilon([less], d1);
  const high = lossDistributionEpsilon([more], d2);
  expect(low.lowerEpsilon).to.be.at.most(low.epsilon);
  expect(low.lowerEpsilon).to.be.at.most(high.epsilon);
  expect(low.epsilon).to.be.at.most(high.epsilon * 1.003 + 1e-5);
}

/** Epsilon by loss distributions falls in delta and in the noise, and grows in steps and in the sampling probability. */
export function monotoneOnRandomPlans(plans: number, seed: number): void {
  const release = (sampling: number, noiseMultiplier: number, count: number) => ({ sampling, noiseMultiplier, count });
  fc.assert(
    fc.property(plan, ({ q, z, steps, exponent }) => {
      const delta = 10 ** exponent;
      const base = release(q, z, steps);
      notAbove(base, base, delta, delta / 3);
      notAbove(release(q, z * 1.2, steps), base, delta);
      notAbove(base, release(q, z, steps + 1 + Math.floor(steps / 4)), delta);
      notAbove(release(q * 0.8, z, steps), base, delta);
    }),
    { numRuns: plans, seed },
  );
}

import { expect } from 'chai';
import { gaussianEpsilon } from '../../../../protocol/privacy/accounting/gaussian-composition.js';
import { expectedRightGuesses } from '../../../../scenarios/studies/parts/audit-power.js';
import { auditPValue } from '../../../../scenarios/studies/parts/one-run-audit.js';

/** The audit of the shipped scenario: 16 rounds at z = 8. */
const AUDIT = { canaryCount: 50_000, guessCount: 2_000 };
const MU = 0.5;
const DELTA = 2e-5;
const REFUTING = 1_775;

describe('protocol/privacy/audit-power', () => {
  it('1,775 right of 2,000 guesses among 50,000 canaries is the least that refutes epsilon of mu = 1/2 at delta 2e-5', () => {
    const epsilon = gaussianEpsilon(MU, DELTA);
    const p = (correctCount: number) => auditPValue({ ...AUDIT, correctCount }, epsilon, DELTA);
    expect(p(REFUTING)).to.be.below(0.05);
    expect(p(REFUTING - 1)).to.be.above(0.05);
  });

  it('so one run is enough: right noise stays 12 standard deviations below, half the noise comes 8 above', () => {
    const right = expectedRightGuesses(AUDIT, MU);
    const half = expectedRightGuesses(AUDIT, 2 * MU);
    expect((REFUTING - right.mean) / right.stddev).to.be.within(12, 12.1);
    expect((half.mean - REFUTING) / half.stddev).to.be.within(8, 8.1);
  });

  it('no information is half right; a guess on every canary is right with probability Phi(mu / 2)', () => {
    expect(expectedRightGuesses(AUDIT, 0).mean).to.be.closeTo(1_000, 1e-6);
    expect(expectedRightGuesses({ canaryCount: 1_000, guessCount: 1_000 }, 2).mean).to.be.closeTo(841.344746, 1e-5);
  });
});

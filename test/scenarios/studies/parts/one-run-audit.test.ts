import { expect } from 'chai';
import {
  auditEpsilonLowerBound,
  auditOutcome,
  auditPValue,
} from '../../../../scenarios/studies/parts/one-run-audit.js';
import { relativeError, vectors } from '../../../protocol/privacy/vectors.js';

describe('protocol/privacy/one-run-audit', () => {
  for (const { id, m, r, v, delta, p, epsilon, epsilon_lower } of vectors.one_run_audit)
    it(`${id}: ${v} of ${r} guesses among ${m} canaries agree to 1e-10`, () => {
      const outcome = { canaryCount: m, guessCount: r, correctCount: v };
      if (epsilon !== undefined) expect(relativeError(auditPValue(outcome, epsilon, delta), p)).to.be.below(1e-10);
      if (epsilon_lower !== undefined)
        expect(relativeError(auditEpsilonLowerBound(outcome, delta, p), epsilon_lower)).to.be.below(1e-10);
    });

  it('half of the guesses right refutes nothing; all of 1,000 right refutes epsilon 5', () => {
    expect(auditEpsilonLowerBound({ canaryCount: 100, guessCount: 100, correctCount: 50 }, 1e-5)).to.equal(0);
    expect(auditEpsilonLowerBound({ canaryCount: 1000, guessCount: 1000, correctCount: 1000 }, 0)).to.be.above(5);
  });

  it('guesses: highest scores in, lowest out, the middle left alone', () => {
    const outcome = auditOutcome([5, 0.1, -3, 0, 4, -2], [true, false, false, true, false, true], 4);
    // in: 5 (right), 4 (wrong); out: -3 (right), -2 (wrong)
    expect(outcome).to.deep.equal({ canaryCount: 6, guessCount: 4, correctCount: 2 });
  });

  it('refuses more correct guesses than guesses', () => {
    expect(() => auditPValue({ canaryCount: 10, guessCount: 5, correctCount: 6 }, 1, 0)).to.throw('ERR_PRIVACY: audit');
  });
});

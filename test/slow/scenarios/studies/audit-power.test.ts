import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { expectedRightGuesses } from '../../../../scenarios/studies/parts/audit-power.js';
import { auditOutcome } from '../../../../scenarios/studies/parts/one-run-audit.js';

/** The audit of the shipped scenario: 16 rounds at z = 8. */
const AUDIT = { canaryCount: 50_000, guessCount: 2_000 };
const MU = 0.5;

/** Right guesses of one drawn audit. */
function drawnCount(seed: number, mu: number): number {
  const rng = rootStream(seed, 'float64').derive('audit');
  const included = Array.from({ length: AUDIT.canaryCount }, () => rng.below(2) === 1);
  const noise = rng.derive('noise').normal(AUDIT.canaryCount);
  const scores = Float64Array.from(included, (isIn, j) => noise[j]! + (isIn ? mu : 0));
  return auditOutcome(scores, included, AUDIT.guessCount).correctCount;
}

describe('protocol/privacy/audit-power, drawn', () => {
  it('20 drawn audits a noise, seeds 1 to 20: each count within 5 standard deviations, their mean within 5 / sqrt(20)', () => {
    for (const mu of [MU, 2 * MU]) {
      const { mean, stddev } = expectedRightGuesses(AUDIT, mu);
      let sum = 0;
      for (let seed = 1; seed <= 20; seed++) {
        const count = drawnCount(seed, mu);
        expect(Math.abs(count - mean)).to.be.below(5 * stddev);
        sum += count;
      }
      expect(Math.abs(sum / 20 - mean)).to.be.below((5 * stddev) / Math.sqrt(20));
    }
  });
});

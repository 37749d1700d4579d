import { GradswarmError } from '../../../protocol/errors.js';
import { exp, softplus } from '../../../protocol/numerics/elementary.js';
import { logGamma } from '../../../protocol/numerics/special-functions.js';

/**
 * Auditing a private run by one training run: Steinke, Nasr, Jagielski, "Privacy Auditing with One (1) Training Run",
 * NeurIPS 2023. Each of `canaryCount` canaries is included by a fair coin; the auditor abstains on most and guesses
 * `guessCount` coins, of which `correctCount` are right.
 */
export interface AuditOutcome {
  readonly canaryCount: number;
  readonly guessCount: number;
  readonly correctCount: number;
}

function checkOutcome({ canaryCount, guessCount, correctCount }: AuditOutcome): void {
  const whole = [canaryCount, guessCount, correctCount].every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!whole || correctCount > guessCount || guessCount > canaryCount)
    throw new GradswarmError(
      'ERR_PRIVACY',
      `audit: expected whole numbers correct <= guesses <= canaries, got ${correctCount}, ${guessCount}, ${canaryCount}`,
    );
}

/**
 * Probability, if the run were (epsilon, delta)-private, of at least so many correct guesses: small values refute it.
 * p = min(1, P[B >= v] + 2 m delta max_i P[v > B >= v - i] / i), B ~ Binomial(r, 1 / (1 + e^-epsilon)).
 */
export function auditPValue(outcome: AuditOutcome, epsilon: number, delta: number): number {
  checkOutcome(outcome);
  const { canaryCount, guessCount, correctCount } = outcome;
  const logRight = -softplus(-epsilon);
  const logWrong = -softplus(epsilon);
  const mass = (k: number) => {
    const logWays = logGamma(guessCount + 1) - logGamma(k + 1) - logGamma(guessCount - k + 1);
    return exp(logWays + k * logRight + (guessCount - k) * logWrong);
  };
  let atLeast = 0;
  for (let k = guessCount; k >= correctCount; k--) atLeast += mass(k);
  let below = 0;
  let worst = 0;
  for (let i = 1; i <= correctCount; i++) {
    below += mass(correctCount - i);
    worst = Math.max(worst, below / i);
  }
  return Math.min(1, atLeast + worst * delta * 2 * canaryCount);
}

/**
 * The largest epsilon that the outcome refutes at the given significance (0.05: the bound is wrong in one audit of twenty),
 * or 0 when none is.
 */
export function auditEpsilonLowerBound(outcome: AuditOutcome, delta: number, significance = 0.05): number {
  const refutes = (epsilon: number) => auditPValue(outcome, epsilon, delta) < significance;
  if (!refutes(0)) return 0;
  let low = 0;
  let high = 1;
  while (refutes(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1e-14 * high) {
    const middle = (low + high) / 2;
    if (refutes(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Guesses from scores: the highest half of `guessCount` are guessed in, the lowest half out, ties by index. Returns the
 * outcome given the coins. scores: one a canary, larger for more likely included.
 */
export function auditOutcome(
  scores: ArrayLike<number>,
  included: readonly boolean[],
  guessCount: number,
): AuditOutcome {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const guessedIn = Math.ceil(guessCount / 2);
  const guessedOut = guessCount - guessedIn;
  let correctCount = 0;
  for (const i of order.slice(0, guessedIn)) if (included[i]) correctCount++;
  for (const i of order.slice(order.length - guessedOut)) if (!included[i]) correctCount++;
  return { canaryCount: included.length, guessCount, correctCount };
}

import { exp, log } from '../../../protocol/numerics/elementary.js';
import { logAddExp, logNormalCdf } from '../../../protocol/numerics/special-functions.js';

/** Natural logarithm of P[score > t] for canaries that are out (mean 0) and in (mean mu), standard deviation 1 each. */
const logTailOut = (t: number) => logNormalCdf(-t);
const logTailIn = (t: number, mu: number) => logNormalCdf(mu - t);

/**
 * How many guesses of an audit by one run are right, before the run: for choosing how many to make. A canary's score is
 * normal with standard deviation 1 and mean mu if it is in the data, 0 if not; mu is that of the Gaussian mechanism
 * (sqrt(rounds) / noise multiplier for whole batches, and twice that where the noise is secretly half). With many canaries the
 * higher half of the guesses are those with a score above t, where the mean of both tails is guessCount / 2 of canaryCount, and
 * each is right with probability a = P[in | score > t]; the lower half mirrors it. Given the scores the coins are independent,
 * so the count is binomial, or narrower: mean guessCount a, standard deviation at most sqrt(guessCount a (1 - a)).
 */
export function expectedRightGuesses(
  audit: { readonly canaryCount: number; readonly guessCount: number },
  mu: number,
): { readonly mean: number; readonly stddev: number } {
  const { canaryCount, guessCount } = audit;
  const logShare = log(guessCount / canaryCount);
  let low = -40;
  let high = 40 + mu;
  while (high - low > 1e-12 * (1 + Math.abs(low))) {
    const middle = (low + high) / 2;
    if (logAddExp(logTailOut(middle), logTailIn(middle, mu)) > logShare) low = middle;
    else high = middle;
  }
  const right = exp(logTailIn(low, mu) - logAddExp(logTailOut(low), logTailIn(low, mu)));
  return { mean: guessCount * right, stddev: Math.sqrt(guessCount * right * (1 - right)) };
}

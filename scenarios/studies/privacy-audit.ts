import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { count, number } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import type { Dataset } from '../../worker/datasets/dataset.js';
import { openPrivacy, type ProcessPrivacy } from '../../worker/privacy.js';
import { rerun } from '../run/rerun.js';
import { defineStudy, type StudiedProblem } from '../run/study.js';
import { auditEpsilonLowerBound, auditOutcome } from './parts/one-run-audit.js';

/** Which unit vectors are among the training examples of data set 'canaries'. */
function includedCanaries({ name, vocabulary = 0, train }: Dataset): boolean[] {
  if (name !== 'canaries')
    throw new GradswarmError('ERR_SCENARIO', `study privacy-audit: expected data set 'canaries', got '${name}'`);
  const included = new Array<boolean>(vocabulary).fill(false);
  for (const code of train.features) included[code] = true;
  return included;
}

/** The scenario's noise, shrunk behind the ledger's back. */
function shrunkNoise({ scenario, method }: StudiedProblem, factor: number): ProcessPrivacy {
  const honest = openPrivacy(scenario, method);
  return {
    coins: honest.coins,
    privacy(party, plan, ledger) {
      const privacy = honest.privacy(party, plan, ledger);
      return {
        gaussian: (parts, release) =>
          privacy.gaussian(parts, release).map((noised, i) => {
            const { value } = parts[i]!;
            for (let j = 0; j < noised.length; j++) noised[j] = value[j]! + factor * (noised[j]! - value[j]!);
            return noised;
          }),
      };
    },
  };
}

/**
 * An audit by one run (Steinke, Nasr, Jagielski, 2023): how well does the trained model reveal which canaries were in the data?
 * The lower bound on epsilon that follows must stay below the accountant's epsilon. The same run with noise that was
 * secretly halved, or left out, must not.
 */
export default defineStudy({
  name: 'privacy-audit',
  summary: 'lower bound on epsilon from guessing canaries, and the same with halved noise and without noise',
  settings: defineSettings({
    guesses: count(500, 'Canaries the auditor dares to guess, those with the clearest scores'),
    significance: number(0.05, 'The bound is wrong in so many audits', { above: 0, below: 1 }),
  }),
  figures: [
    'auditLowerBound',
    'auditCorrectGuesses',
    'halvedNoiseLowerBound',
    'halvedNoiseCorrectGuesses',
    'noNoiseLowerBound',
    'largestLowerBound',
  ],
  open({ guesses, significance }, studied) {
    const { problem, scenario } = studied;
    const { delta } = scenario.privacy;
    const included = includedCanaries(problem.dataset);
    const { initialParams } = problem.model;
    const audit = (estimate: ReadonlyVector) => {
      const scores = Float64Array.from(included, (_, j) => estimate[j]! - initialParams[j]!);
      const outcome = auditOutcome(scores, included, Math.min(guesses, included.length));
      return { ...outcome, bound: auditEpsilonLowerBound(outcome, delta, significance) };
    };
    return {
      async finish({ estimates }) {
        const honest = audit(estimates[0]!);
        const halved = audit((await rerun(studied, shrunkNoise(studied, 0.5))).estimates[0]!);
        const none = audit((await rerun(studied, shrunkNoise(studied, 0))).estimates[0]!);
        return {
          summary: {
            auditLowerBound: honest.bound,
            auditCorrectGuesses: honest.correctCount,
            halvedNoiseLowerBound: halved.bound,
            halvedNoiseCorrectGuesses: halved.correctCount,
            noNoiseLowerBound: none.bound,
            // All guesses correct: the largest bound for this number of guesses.
            largestLowerBound: auditEpsilonLowerBound({ ...none, correctCount: none.guessCount }, delta, significance),
          },
          notes: [
            `audit: ${honest.correctCount} of ${honest.guessCount} guesses right, so epsilon is at least ${honest.bound.toFixed(3)} ` +
              `(wrong in ${100 * significance} % of audits); with secretly halved noise ${halved.correctCount}, at least ${halved.bound.toFixed(3)}`,
          ],
        };
      },
    };
  },
});

import { GradswarmError } from '../../../errors.js';
import type { RunPlan } from '../../../method.js';
import { composedEpsilon, type GaussianReleases } from '../../../privacy/accounting/accountant.js';
import { tightestSpend } from '../../../privacy/accounting/proven-bounds.js';

/** Rounding of a calibration that spends its epsilon exactly. */
const ROUNDING = 1 + 1e-9;

/** What a method's noise was made for. */
export interface CalibrationTarget {
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  readonly calibration: string;
}

/**
 * Throws ERR_PRIVACY when the releases of a whole run would spend more at `privacy.delta`, as the ledger counts, than the epsilon
 * that the noise was made for.
 */
export function requireSpendWithin(
  { epsilon, delta, rounds, calibration }: CalibrationTarget,
  releases: readonly GaussianReleases[],
  run: Pick<RunPlan, 'rounds' | 'privacy'>,
): void {
  // The exact composition is the least bound where nothing is sampled; the loss distribution's lies slightly above it.
  const bounded = run.privacy.accountant === 'loss-distribution';
  const exact = composedEpsilon(releases, run.privacy.delta).epsilon;
  const planned = bounded
    ? tightestSpend(releases, run.privacy.delta, { methods: ['loss-distribution'] }).epsilon
    : exact;
  if (planned <= epsilon * ROUNDING) return;
  const reasons = [
    run.rounds > rounds ? `the run has rounds ${run.rounds} and the noise is made for method.rounds ${rounds}` : '',
    run.privacy.delta < delta
      ? `the ledger is read at privacy.delta ${run.privacy.delta} and the noise is made for method.delta ${delta}`
      : '',
    calibration === 'paper' ? "the paper's formulas do not count every release: use method.calibration 'exact'" : '',
    bounded && exact <= epsilon * ROUNDING
      ? "privacy.accountant 'loss-distribution' bounds it from above: use 'auto' or a smaller method.epsilon"
      : '',
  ].filter((reason) => reason !== '');
  throw new GradswarmError(
    'ERR_PRIVACY',
    `method.epsilon: expected noise for a run that spends at most ${epsilon}, got a plan that spends ${planned} at delta ` +
      `${run.privacy.delta} (${reasons.join('; ')})`,
  );
}

import { GradswarmError } from '../../../errors.js';
import type { RunPlan } from '../../../method.js';
import { composedEpsilon, type GaussianReleases } from '../../../privacy/accounting/accountant.js';
import { spendOf } from '../../../privacy/accounting/ledger.js';

/** Rounding of a calibration that spends its epsilon exactly. */
const ROUNDING = 1 + 1e-9;

/** What a method's noise was made for. */
export interface CalibrationTarget {
  readonly epsilon: number;
  readonly delta: number;
  readonly rounds: number;
  readonly calibration: string;
}

/** `target` of a method with a setting `calibration`. */
export function targetOf({
  calibration,
  epsilon,
  delta,
}: CalibrationTarget): { readonly epsilon: number; readonly delta: number } | null {
  return calibration === 'none' ? null : { epsilon, delta };
}

/**
 * Throws ERR_PRIVACY when the releases of a whole run would spend more than the epsilon that the noise was
 * made for, as the ledger counts, at the smaller of both deltas.
 */
export function requireSpendWithin(
  { epsilon, delta, rounds, calibration }: CalibrationTarget,
  releases: readonly GaussianReleases[],
  run: Pick<RunPlan, 'rounds' | 'privacy'>,
): void {
  // The exact composition is the least bound where nothing is sampled; the loss distribution's lies slightly above it.
  const { accountant = 'auto', form } = run.privacy;
  const least = Math.min(delta, run.privacy.delta);
  const bounded = accountant === 'loss-distribution';
  const discrete = form === 'grid';
  const exact = composedEpsilon(releases, least).epsilon;
  const counted = discrete ? releases.map((release) => ({ ...release, discrete })) : releases;
  const planned = spendOf(counted, least, accountant === 'auto' ? {} : { accountant }).epsilon;
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
    discrete && exact <= epsilon * ROUNDING
      ? "privacy.form 'grid' is accounted by Renyi orders, which bound it from above: use a smaller method.epsilon or a larger method.rounds"
      : '',
  ].filter((reason) => reason !== '');
  throw new GradswarmError(
    'ERR_PRIVACY',
    `method.epsilon: expected noise for a run that spends at most ${epsilon}, got a plan that spends ${planned} at delta ` +
      `${least} (${reasons.join('; ')})`,
  );
}

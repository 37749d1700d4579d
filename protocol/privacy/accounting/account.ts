import { GradswarmError } from '../../errors.js';
import { type AccountingMethod, composedEpsilon } from './accountant.js';
import { calibrateNoiseMultiplier } from './calibration.js';
import type { Conversion } from './conversion.js';
import { checkRelease, Ledger, type LedgerEntry } from './ledger.js';
import type { Orders } from './orders.js';
import { checkDelta, checkRecordCount } from './ranges.js';

/** One question to the accountant: steps of one mechanism, or a ledger; or, with a target, the noise it takes. */
export interface AccountOptions {
  readonly delta: number;
  /** Poisson sampling probability; 1 for every record at every step. */
  readonly sampling?: number;
  readonly noiseMultiplier?: number;
  readonly steps?: number;
  /** Asks for the noise multiplier instead. */
  readonly targetEpsilon?: number;
  /** Asks for what these entries spend together. */
  readonly ledger?: readonly LedgerEntry[];
  readonly adjacency?: 'add-remove' | 'replace-one';
  readonly orders?: Orders;
  readonly conversion?: Conversion;
  readonly method?: AccountingMethod;
  /** Number of records, for the warning that delta should be below its inverse. */
  readonly recordCount?: number;
}

export interface AccountAnswer {
  readonly epsilon: number;
  /** Best Renyi order; null under exact Gaussian composition or when nothing was spent. */
  readonly order: number | null;
  readonly method: 'exact-gaussian' | 'rdp' | 'none';
  readonly warnings: readonly string[];
  /** Only when a target was given. */
  readonly noiseMultiplier?: number;
}

function usage(message: string): never {
  throw new GradswarmError('ERR_USAGE', message);
}

function required(name: string, value: number | undefined): number {
  return value ?? usage(`account: ${name} is missing; give it, or a ledger (--ledger)`);
}

/** What a ledger's entries say already, with the command's option for it. */
const HELD_BY_LEDGER = {
  sampling: '--q',
  noiseMultiplier: '--noise-multiplier',
  steps: '--steps',
  adjacency: '--adjacency',
} as const;

/**
 * Epsilon at delta, or the noise multiplier that reaches a target epsilon. ERR_USAGE when the question is incomplete or asks
 * two things at once, ERR_PRIVACY when a value is out of range or no theorem covers the combination.
 */
export function account(options: AccountOptions): AccountAnswer {
  const { delta, ledger, targetEpsilon, adjacency = 'add-remove' } = options;
  checkDelta(delta);
  if (options.recordCount !== undefined) checkRecordCount(options.recordCount);
  if (ledger !== undefined) return withWarnings(accountLedger(ledger, options), options);
  const sampling = required('the sampling probability q (--q)', options.sampling);
  const steps = required('the number of steps (--steps)', options.steps);
  checkRelease({ label: 'account', adjacency, sampling });
  const accounting = accountingOf(options);
  if (targetEpsilon !== undefined) {
    if (options.noiseMultiplier !== undefined)
      usage(
        'account: a noise multiplier (--noise-multiplier) and a target epsilon (--target-epsilon) exclude each other; ' +
          'leave one out',
      );
    const answer = calibrateNoiseMultiplier({ epsilon: targetEpsilon, delta, sampling, steps }, accounting);
    return withWarnings(answer, options);
  }
  const noiseMultiplier = required('the noise multiplier (--noise-multiplier)', options.noiseMultiplier);
  const releases = [{ sampling, noiseMultiplier, count: steps }];
  return withWarnings(composedEpsilon(releases, delta, accounting), options);
}

function accountingOf({ orders, conversion, method }: AccountOptions) {
  return { ...(orders ? { orders } : {}), ...(conversion ? { conversion } : {}), ...(method ? { method } : {}) };
}

function accountLedger(ledger: readonly LedgerEntry[], options: AccountOptions): AccountAnswer {
  for (const [name, flag] of Object.entries(HELD_BY_LEDGER)) {
    if (options[name as keyof typeof HELD_BY_LEDGER] !== undefined)
      usage(`account: a ledger holds its own ${name}; leave it (${flag}) out`);
  }
  if (options.targetEpsilon !== undefined)
    usage('account: a ledger holds the noise that a target would ask for; leave the target (--target-epsilon) out');
  const { epsilon, order, method, warnings } = new Ledger(ledger).spend(options.delta, accountingOf(options));
  return { epsilon, order, method, warnings };
}

function withWarnings(
  answer: AccountAnswer,
  { delta, recordCount, orders, conversion }: AccountOptions,
): AccountAnswer {
  const warnings = [...answer.warnings];
  if (recordCount !== undefined && delta >= 1 / recordCount)
    warnings.push(`delta ${delta} is not below 1 / ${recordCount}: publishing one record outright would be allowed`);
  if (answer.method === 'exact-gaussian' && (orders !== undefined || conversion !== undefined))
    warnings.push('orders and conversion were not used: exact Gaussian composition needs none; method rdp uses them');
  return { ...answer, warnings };
}

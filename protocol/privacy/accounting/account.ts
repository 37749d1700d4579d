import { GradswarmError } from '../../errors.js';
import { type AccountingMethod, composedRdp, type GaussianReleases, isExactGaussian } from './accountant.js';
import { calibrateNoiseMultiplier, smallestNoise } from './calibration.js';
import { type Conversion, rdpToEpsilon } from './conversion.js';
import { Ledger } from './ledger.js';
import type { LedgerEntry } from './ledger-entry.js';
import { type Orders, resolveOrders } from './orders.js';
import { type BoundMethod, type ProvenBounds, provenBounds, type SamplingScheme } from './proven-bounds.js';
import { checkCount, checkDelta, checkNoiseMultiplier, checkRecordCount, checkSampling } from './ranges.js';
import { checkSelection, type Selection, selectedRdp } from './selection.js';
import { cutProbability } from './truncated-poisson.js';

/** 'tightest': the least of all proven bounds. 'auto': as runs are accounted, exact where nothing is sampled and else Renyi. */
export type AccountMethod = 'tightest' | 'loss-distribution' | AccountingMethod;

/** One question to the accountant: steps of one mechanism, or a ledger; or, with a target, the noise it takes. */
export interface AccountOptions {
  readonly delta: number;
  /** Probability of a record to be in a step's batch; 1 for every record at every step. */
  readonly sampling?: number;
  readonly noiseMultiplier?: number;
  readonly steps?: number;
  /** Asks for the noise multiplier instead. */
  readonly targetEpsilon?: number;
  /** Asks for what these entries spend together. */
  readonly ledger?: readonly LedgerEntry[];
  readonly adjacency?: 'add-remove' | 'replace-one';
  /** 'poisson' by default. */
  readonly scheme?: SamplingScheme;
  /** Poisson batches are cut to this many records; needs `recordCount`. */
  readonly cap?: number;
  /** The best of several runs is kept. */
  readonly selection?: Selection;
  readonly orders?: Orders;
  readonly conversion?: Conversion;
  /** 'tightest' by default. */
  readonly method?: AccountMethod;
  /** Number of records, for the cap, and for the warning that delta should be below its inverse. */
  readonly recordCount?: number;
}

export interface AccountAnswer {
  readonly epsilon: number;
  /** Best Renyi order; null under other accountants or when nothing was spent. */
  readonly order: number | null;
  readonly method: BoundMethod | 'none';
  readonly warnings: readonly string[];
  /** Only when a target was given. */
  readonly noiseMultiplier?: number;
  /** All bounds that apply, where more than one accountant applies. */
  readonly proven?: ProvenBounds;
}

function usage(message: string): never {
  throw new GradswarmError('ERR_USAGE', message);
}

function required(name: string, value: number | undefined): number {
  return value ?? usage(`account: ${name} is missing; give it, or a ledger (--ledger)`);
}

/** What a ledger's entries state already, or state only for Poisson sampling, with the command's option for it. */
const HELD_BY_LEDGER = {
  sampling: '--q',
  noiseMultiplier: '--noise-multiplier',
  steps: '--steps',
  adjacency: '--adjacency',
  scheme: '--sampling',
  cap: '--cap',
  selection: '--runs',
} as const;

/**
 * Epsilon at delta, or the noise multiplier that reaches a target epsilon. ERR_USAGE when the question is incomplete or asks
 * two things at once, ERR_PRIVACY when a value is out of range or no theorem covers the combination.
 */
export function account(options: AccountOptions): AccountAnswer {
  const { delta, ledger, targetEpsilon } = options;
  checkDelta(delta);
  if (options.recordCount !== undefined) checkRecordCount(options.recordCount);
  if (ledger !== undefined) return withWarnings(accountLedger(ledger, options), options);
  const sampling = required('the sampling probability q (--q)', options.sampling);
  const steps = required('the number of steps (--steps)', options.steps);
  checkSampling(sampling);
  checkCount('steps', steps);
  if (options.selection !== undefined) checkSelection(options.selection);
  const spend = (noiseMultiplier: number) => spendOf({ sampling, noiseMultiplier, count: steps }, options);
  if (targetEpsilon === undefined) {
    const noiseMultiplier = required('the noise multiplier (--noise-multiplier)', options.noiseMultiplier);
    checkNoiseMultiplier(noiseMultiplier);
    return withWarnings(spend(noiseMultiplier), options);
  }
  if (options.noiseMultiplier !== undefined)
    usage(
      'account: a noise multiplier (--noise-multiplier) and a target epsilon (--target-epsilon) exclude each other; ' +
        'leave one out',
    );
  const { method = 'tightest', selection } = options;
  const plain = selection === undefined && method !== 'tightest' && method !== 'loss-distribution';
  const exact = sampling === 1 && method === 'tightest' && selection === undefined;
  if ((plain && options.cap === undefined) || exact) {
    // A pair of sampling and adjacency that Renyi orders do not cover is refused here.
    spend(1);
    const target = { epsilon: targetEpsilon, delta, sampling, steps };
    return withWarnings(calibrateNoiseMultiplier(target, accountingOf(options)), options);
  }
  const { noiseMultiplier } = smallestNoise((z) => spend(z).epsilon, targetEpsilon);
  return withWarnings({ ...spend(noiseMultiplier), noiseMultiplier }, options);
}

function accountingOf({ orders, conversion, method }: AccountOptions) {
  const base = method === 'tightest' || method === 'loss-distribution' ? undefined : method;
  return {
    ...(orders ? { orders } : {}),
    ...(conversion ? { conversion } : {}),
    ...(base ? { method: base } : {}),
  };
}

/** The accountants of a method. */
function methodsOf(method: AccountMethod, releases: readonly GaussianReleases[]): readonly BoundMethod[] {
  if (method === 'tightest') return ['exact-gaussian', 'rdp', 'loss-distribution'];
  if (method === 'auto') return [isExactGaussian(releases) ? 'exact-gaussian' : 'rdp'];
  return [method];
}

function spendOf(release: GaussianReleases, options: AccountOptions): AccountAnswer {
  const { delta, adjacency = 'add-remove', scheme = 'poisson', selection, method = 'tightest' } = options;
  if (selection !== undefined && selection.law !== 'fixed')
    return selectedSpend(release, options, selection.runs, selection.law);
  const releases = [{ ...release, count: release.count * (selection?.runs ?? 1) }];
  if (release.count === 0 || release.sampling === 0 || release.noiseMultiplier === Number.POSITIVE_INFINITY)
    return { epsilon: 0, order: null, method: 'none', warnings: [] };
  const proven = provenBounds(releases, delta, {
    ...accountingOf(options),
    adjacency,
    scheme,
    failure: cutsOf(releases[0]!, options),
    methods: methodsOf(method, releases),
  });
  return { ...proven.bounds[0]!, proven };
}

function cutsOf({ sampling, count }: GaussianReleases, { cap, recordCount, scheme }: AccountOptions): number {
  if (cap === undefined) return 0;
  if (recordCount === undefined) usage('account: a cap on batches (--cap) needs the number of records (--records)');
  if (scheme === 'without-replacement')
    usage('account: batches without replacement have a fixed size; leave the cap (--cap) out');
  return sampling === 1 ? 0 : cutProbability(recordCount, sampling, cap, count);
}

/** Repeat and select is proved by Renyi orders. */
function selectedSpend(
  release: GaussianReleases,
  options: AccountOptions,
  runs: number,
  law: 'geometric' | 'logarithmic' | 'poisson',
): AccountAnswer {
  const { method = 'tightest', delta } = options;
  if (method === 'loss-distribution' || method === 'exact-gaussian')
    throw new GradswarmError(
      'ERR_PRIVACY',
      `method ${method}: the best of a ${law} number of runs is proved by Renyi orders only; use method rdp, or fixed runs`,
    );
  // Refuses pairs of sampling and adjacency, and caps, that Renyi orders do not cover.
  const { adjacency = 'add-remove', scheme = 'poisson' } = options;
  const failure = cutsOf(release, options);
  provenBounds([{ ...release, count: 0 }, release], delta, { adjacency, scheme, failure, methods: ['rdp'] });
  const orders = resolveOrders(options.orders);
  const rdp = selectedRdp(orders, composedRdp(orders, [release]), { law, runs });
  return { ...rdpToEpsilon(orders, rdp, delta, options.conversion), method: 'rdp' };
}

function accountLedger(ledger: readonly LedgerEntry[], options: AccountOptions): AccountAnswer {
  for (const [name, flag] of Object.entries(HELD_BY_LEDGER)) {
    if (options[name as keyof typeof HELD_BY_LEDGER] !== undefined)
      usage(`account: a ledger holds its own ${name}; leave it (${flag}) out`);
  }
  if (options.targetEpsilon !== undefined)
    usage('account: a ledger holds the noise that a target would ask for; leave the target (--target-epsilon) out');
  const { method = 'tightest' } = options;
  const held = new Ledger(ledger);
  const spendBy = (accountant?: 'loss-distribution'): AccountAnswer => {
    const accounting = { ...accountingOf(options), ...(accountant ? { accountant } : {}) };
    const { epsilon, order, method: used, warnings } = held.spend(options.delta, accounting);
    return { epsilon, order, method: used, warnings };
  };
  if (method === 'loss-distribution') return spendBy('loss-distribution');
  const usual = spendBy();
  if (method !== 'tightest' || usual.method === 'none' || held.entries.some(isDiscrete)) return usual;
  const bounds = [usual, spendBy('loss-distribution')].sort((a, b) => a.epsilon - b.epsilon);
  const proven = bounds.map((bound) => ({ ...bound, method: bound.method as BoundMethod }));
  return { ...bounds[0]!, proven: { bounds: proven, lowerEpsilon: 0, lossDistribution: null } };
}

const isDiscrete = ({ mechanism }: LedgerEntry): boolean => mechanism === 'discrete-gaussian';

function withWarnings(
  answer: AccountAnswer,
  { delta, recordCount, orders, conversion }: AccountOptions,
): AccountAnswer {
  const warnings = [...answer.warnings];
  if (recordCount !== undefined && delta >= 1 / recordCount)
    warnings.push(`delta ${delta} is not below 1 / ${recordCount}: publishing one record outright would be allowed`);
  if (answer.method !== 'rdp' && answer.method !== 'none' && (orders !== undefined || conversion !== undefined))
    warnings.push(`orders and conversion were not used: ${answer.method} needs none; method rdp uses them`);
  return { ...answer, warnings };
}

import type { AnyMethod, ClientIndex, RoundOutlook } from '../../protocol/method.js';
import type { RunHost } from '../../protocol/party/run-host.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { PrivacySettings, Scenario } from '../../protocol/scenario/scenario.js';
import type { RunLoopOptions } from './run-loop-options.js';

/** Epsilon at delta that a run must not pass, and the setting that says so. */
export interface SpendLimit {
  readonly setting: 'privacy.budget' | 'method.epsilon';
  readonly epsilon: number;
  readonly delta: number;
}

/** The limits of a run: its budget, and what the noise of its method was made for. */
export function spendLimits(
  { privacy, method }: Pick<Scenario, 'privacy' | 'method'>,
  { target }: AnyMethod,
): SpendLimit[] {
  const limits: SpendLimit[] = [];
  const { budget, delta } = privacy;
  if (budget !== null) limits.push({ setting: 'privacy.budget', epsilon: budget, delta });
  const { name: _, ...hyperparameters } = method;
  const made = target?.(hyperparameters) ?? null;
  // Epsilon grows as delta shrinks: what holds at the smaller of the two holds at both.
  if (made) limits.push({ setting: 'method.epsilon', epsilon: made.epsilon, delta: Math.min(made.delta, delta) });
  return limits;
}

export interface AttemptOutlook {
  readonly expected: readonly LedgerEntry[] | null;
  readonly isSpent: boolean;
  readonly mayRelease: boolean;
}

interface Attempt {
  readonly round: number;
  readonly attempt: number;
  readonly cohort: readonly ClientIndex[];
}

/**
 * Of an attempt, by what its clients release by themselves (`expected`; null: the method does not say): would it pass a limit, and may they
 * release anything? A method that is not private has no client that does.
 */
export function outlookOf(
  { scenario, site, privacy }: Pick<RunLoopOptions, 'scenario' | 'site' | 'privacy'>,
  { round, attempt, cohort }: Attempt,
): AttemptOutlook {
  const { method } = site.host;
  const state = method.coordinator ? site.party('coordinator').record.state : null;
  const expected = expectedReleases(site.host, { index: round, cohort, state }, scenario.privacy);
  return {
    expected,
    isSpent: privacy?.exhausted(round, attempt, expected) ?? false,
    mayRelease: expected ? expected.length > 0 : method.isPrivate === true,
  };
}

/** Null where the method does not say. */
function expectedReleases(
  host: RunHost,
  { index, cohort, state }: Pick<RoundOutlook, 'index' | 'cohort' | 'state'>,
  privacy: PrivacySettings,
): LedgerEntry[] | null {
  const { clientReleases } = host.method;
  if (!clientReleases) return null;
  const counts = host.exampleCounts?.() ?? [];
  const shared = () => host.sharedStream(index);
  return cohort.flatMap((client) => {
    const exampleCount = counts[client] ?? 0;
    const at = { index, client, cohort, state, shared, exampleCount, parameterCount: host.parameterCount };
    return clientReleases(host.hyperparameters, at).map(({ unit = 'example', discrete, ...release }, call) => ({
      label: 'of an abandoned attempt',
      mechanism: discrete || privacy.form === 'grid' ? ('discrete-gaussian' as const) : ('gaussian' as const),
      unit,
      l2Sensitivities: [],
      ...release,
      round: index,
      attempt: 0,
      call,
      party: client,
      noise: privacy.noise,
    }));
  });
}

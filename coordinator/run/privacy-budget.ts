import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex, PartyId } from '../../protocol/method.js';
import {
  Ledger,
  type LedgerAccounting,
  type LedgerEntry,
  parseLedgerEntries,
} from '../../protocol/privacy/accounting/ledger.js';
import type { PrivacySettings } from '../../protocol/scenario/scenario.js';
import type { PrivacyResult } from '../report/report.js';
import type { SpendLimit } from './expected-releases.js';
import type { PrivacyBudget } from './run-loop-options.js';

/** Above rounding of the accountant, below anything that matters: a plan that spends the budget exactly is within it. */
const ROUNDING = 1 + 1e-9;

/** Kinds of releases up to which the loss distribution is worth its time at the end of a run. */
const MOST_KINDS = 16;

const SEEDED_NOISE_WARNING =
  'The noise is seeded: anyone who knows the seed can compute and subtract it. Epsilon is what the same run would have with ' +
  "privacy.noise = 'secure'.";

interface Cost {
  readonly entries: readonly LedgerEntry[];
  readonly epsilon: number;
}

/** What a run has spent, and what it may still spend. */
export class RunBudget implements PrivacyBudget {
  private readonly ledger = new Ledger();
  /** The clients' own releases of the round that cost most so far: what the next one is expected to cost. */
  private costliest: Cost | null = null;
  /** All releases of the round that cost most so far. */
  private costliestRound: Cost | null = null;
  /** Of the round under way: what its clients release by themselves, and what the coordinator's half was granted. */
  private ahead: readonly LedgerEntry[] = [];
  private granted: readonly LedgerEntry[] = [];
  /** The round in which an earlier process ended. */
  private unfinished: number | null = null;

  private readonly accounting: LedgerAccounting;

  constructor(
    private readonly settings: PrivacySettings,
    private readonly limits: readonly SpendLimit[] = [],
  ) {
    const { accountant } = settings;
    this.accounting = accountant === 'auto' ? {} : { accountant };
  }

  /**
   * Asked before the coordinator's half makes a release, with all its releases of this attempt: throws ERR_BUDGET when they
   * would pass a limit. Earlier attempts at the round are charged alike. Clients are not consulted, since they may run elsewhere:
   * what they are expected to release is counted.
   */
  admit(party: PartyId, releases: readonly LedgerEntry[], attempt: number): void {
    if (this.limits.length === 0 || party !== 'coordinator') return;
    const { round, label } = releases.at(-1)!;
    const passed = this.passed(this.costOf(round, attempt, [...releases, ...this.ahead]));
    if (passed)
      throw new GradswarmError(
        'ERR_BUDGET',
        `release '${label}' of round ${round + 1}: epsilon would be ${passed.epsilon} at delta ${passed.limit.delta}, ` +
          `${passed.limit.setting} is ${passed.limit.epsilon}`,
      );
    this.granted = releases;
  }

  /** An attempt at a round, those before it that nothing has charged, and what an earlier process may have released. */
  private costOf(round: number, attempt: number, entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
    // The first attempt of a round that is done again after a crash is in the ledger already.
    const known = attempt > 0 && this.ledger.entries.some((entry) => entry.noise === 'secure' && entry.round === round);
    return [...withAbandonedAttempts(entries, attempt - (known ? 1 : 0), []), ...this.ofUnfinished(round)];
  }

  /** Until that round is done again, with two attempts, what its first one released is in no ledger. */
  private ofUnfinished(round: number): readonly LedgerEntry[] {
    const { unfinished } = this;
    if (unfinished === null || round >= unfinished) return [];
    return (this.costliestRound?.entries ?? []).map((entry) => ({ ...entry, round: unfinished, attempt: 0 }));
  }

  private passed(further: readonly LedgerEntry[]): { readonly limit: SpendLimit; readonly epsilon: number } | null {
    for (const limit of this.limits) {
      const { epsilon } = this.ledger.spend(limit.delta, this.accounting, further);
      if (!(epsilon <= limit.epsilon * ROUNDING)) return { limit, epsilon };
    }
    return null;
  }

  charge(entries: readonly unknown[], _round: number): Readonly<Record<string, number>> {
    const releases = parseLedgerEntries(entries);
    for (const entry of releases) this.ledger.append(entry);
    if (this.ledger.entries.length === 0) return {};
    if (this.limits.length > 0) this.remember(releases);
    return { epsilon: this.ledger.spend(this.settings.delta, this.accounting).epsilon };
  }

  /** Of the last attempt at a round. */
  private remember(releases: readonly LedgerEntry[]): void {
    const last = releases.reduce((most, { attempt }) => Math.max(most, attempt), 0);
    const round = releases.filter(({ attempt }) => attempt === last);
    this.costliestRound = this.costlier(round, this.costliestRound);
    this.costliest = this.costlier(
      round.filter(({ party }) => party !== 'coordinator'),
      this.costliest,
    );
  }

  private costlier(entries: readonly LedgerEntry[], than: Cost | null): Cost | null {
    if (entries.length === 0) return than;
    const { epsilon } = new Ledger(entries).spend(this.settings.delta, this.accounting);
    return !than || epsilon > than.epsilon ? { entries, epsilon } : than;
  }

  exhausted(round: number, attempt: number, expected: readonly LedgerEntry[] | null): boolean {
    if (this.limits.length === 0) return false;
    this.ahead = expected ?? (this.costliest?.entries ?? []).map((entry) => ({ ...entry, round }));
    if (attempt === 0) this.granted = [];
    const further = this.costOf(round, attempt, this.ahead);
    return (further.length > 0 || this.ledger.entries.length > 0) && this.passed(further) !== null;
  }

  abandoned(round: number, attempts: number): readonly LedgerEntry[] {
    const own = [...this.granted.filter((entry) => entry.round === round), ...this.ahead];
    const entries = [...this.ofUnfinished(round)];
    for (let attempt = 0; attempt < attempts; attempt++) for (const entry of own) entries.push({ ...entry, attempt });
    return entries;
  }

  interrupted(round: number): void {
    this.unfinished = round;
  }

  /** For the report; null when nothing was released. */
  result(): PrivacyResult | null {
    const [first] = this.ledger.entries;
    if (!first) return null;
    const { delta } = this.settings;
    const { epsilon } = this.ledger.spend(delta, this.accounting);
    if (!Number.isFinite(epsilon))
      return { epsilon: null, delta, unit: first.unit, notPrivate: 'A release had no noise: epsilon is infinite.' };
    return {
      epsilon,
      delta,
      unit: first.unit,
      ...this.tightest(epsilon),
      ...this.repeated(),
      ...(this.ledger.hasSeededNoise ? { notPrivate: SEEDED_NOISE_WARNING } : {}),
    };
  }

  /** Attempts before the last one of a round, and what the last ones alone would have cost. */
  private repeated(): Pick<PrivacyResult, 'repeated'> {
    const last = new Map<number, number>();
    for (const { round, attempt } of this.ledger.entries) last.set(round, Math.max(attempt, last.get(round) ?? 0));
    const once = this.ledger.entries.filter(({ round, attempt }) => attempt === last.get(round));
    if (once.length === this.ledger.entries.length) return {};
    const rounds = new Set<number>();
    for (const { round, attempt } of this.ledger.entries) if (attempt < last.get(round)!) rounds.add(round);
    const { epsilon } = new Ledger(once).spend(this.settings.delta, this.accounting);
    return { repeated: { rounds: rounds.size, epsilonWithout: epsilon } };
  }

  /** The least of all proven bounds, once at the end, where the run was accounted by a looser one. */
  private tightest(epsilon: number): { readonly tightestEpsilon?: number } {
    if (this.settings.accountant !== 'auto' || this.ledger.kindCount > MOST_KINDS) return {};
    const { epsilon: tightest } = this.ledger.spend(this.settings.delta, { accountant: 'tightest' });
    return tightest < epsilon * (1 - 1e-6) ? { tightestEpsilon: tightest } : {};
  }

  /** The accountant's notes on its result. */
  warnings(): readonly string[] {
    return this.ledger.entries.length === 0 ? [] : this.ledger.spend(this.settings.delta, this.accounting).warnings;
  }
}

/**
 * An aborted attempt has released what it had released: it is charged like the one that succeeded, for how far it
 * came is unknown for lost processes. A client that had no part in the successful attempt is charged what the
 * client that released most was. `repeats`: aborted attempts.
 */
export function withAbandonedAttempts(
  entries: readonly LedgerEntry[],
  repeats: number,
  missing: readonly ClientIndex[],
): LedgerEntry[] {
  const charged = [...entries];
  if (repeats === 0 || entries.length === 0) return charged;
  const worst = costliestClient(entries);
  for (let attempt = 0; attempt < repeats; attempt++) {
    for (const entry of entries) charged.push({ ...entry, attempt });
    for (const client of missing) for (const entry of worst) charged.push({ ...entry, attempt, party: client });
  }
  return charged;
}

function costliestClient(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const byClient = new Map<PartyId, { cost: number; readonly own: LedgerEntry[] }>();
  for (const entry of entries) {
    if (entry.party === 'coordinator') continue;
    const client = byClient.get(entry.party) ?? { cost: 0, own: [] };
    byClient.set(entry.party, client);
    client.cost += entry.count / (entry.noiseMultiplier * entry.noiseMultiplier);
    client.own.push(entry);
  }
  let worst: { readonly cost: number; readonly own: readonly LedgerEntry[] } = { cost: -1, own: [] };
  for (const client of byClient.values()) if (client.cost > worst.cost) worst = client;
  return worst.own;
}

/** Releases of one round after the other. */
export function byRound(entries: readonly LedgerEntry[]): Iterable<LedgerEntry[]> {
  const rounds = new Map<number, LedgerEntry[]>();
  for (const entry of entries) {
    const list = rounds.get(entry.round);
    if (list) list.push(entry);
    else rounds.set(entry.round, [entry]);
  }
  return rounds.values();
}

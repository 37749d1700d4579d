import { GradswarmError } from '../../protocol/errors.js';
import type { ClientIndex, PartyId } from '../../protocol/method.js';
import { type Attempt, Attempts } from '../../protocol/privacy/accounting/attempts.js';
import { Ledger, type LedgerAccounting } from '../../protocol/privacy/accounting/ledger.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { PrivacySettings } from '../../protocol/scenario/scenario.js';
import type { PrivacyResult } from '../report/report.js';
import { costliestClient } from './abandoned-attempts.js';
import type { SpendLimit } from './expected-releases.js';
import type { PrivacyBudget } from './run-loop-options.js';

/** Above rounding of the accountant, below anything that matters: a plan that spends the budget exactly is within it. */
const ROUNDING = 1 + 1e-9;

/** Kinds of releases up to which the loss distribution is worth its time at the end of a run. */
const MOST_KINDS = 16;

const SEEDED_NOISE_WARNING =
  'The noise is seeded: anyone who knows the seed can compute and subtract it. Epsilon is what the same run would have with ' +
  "privacy.noise = 'secure'.";

/** What is known of the releases of a round under way. */
interface RoundUnderWay {
  readonly round: number;
  /** What its clients release by themselves. */
  readonly ahead: readonly LedgerEntry[];
  /** What the coordinator's half asked for last. */
  asked: readonly LedgerEntry[];
  /** The attempt in which the last of what it asked for was refused, so that it was not released; null: none was. */
  refused: number | null;
}

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
  private underWay: RoundUnderWay = { round: -1, ahead: [], asked: [], refused: null };
  /** That began, and what of them nothing has charged: shared with the record of releases. */
  private attempts = new Attempts();
  private granted: (entry: LedgerEntry) => void = () => {};
  private isRestored = false;

  private readonly accounting: LedgerAccounting;

  constructor(
    private readonly settings: PrivacySettings,
    private readonly limits: readonly SpendLimit[] = [],
  ) {
    const { accountant } = settings;
    this.accounting = accountant === 'auto' ? {} : { accountant };
  }

  /**
   * Asked before the coordinator's half makes a release, with all its releases of this attempt, of which the last is charged now:
   * throws ERR_BUDGET when it would pass a limit. Clients are not consulted, since they may run elsewhere: what they are expected
   * to release is counted, of earlier attempts at the round too.
   */
  admit(party: PartyId, releases: readonly LedgerEntry[], attempt: number): void {
    if (party !== 'coordinator') return;
    const entry = releases.at(-1)!;
    const { round, label } = entry;
    const { underWay } = this;
    underWay.asked = releases;
    // Seeded noise of an attempt that is done again counts once: it is charged with the round.
    const isSecure = this.settings.noise === 'secure';
    const further = isSecure ? [entry] : releases;
    const passed =
      this.limits.length > 0 && this.passed([...further, ...this.costOf(round, attempt, underWay.ahead, releases)]);
    underWay.refused = passed ? attempt : null;
    if (passed)
      throw new GradswarmError(
        'ERR_BUDGET',
        `release '${label}' of round ${round + 1}: epsilon would be ${passed.epsilon} at delta ${passed.limit.delta}, ` +
          `${passed.limit.setting} is ${passed.limit.epsilon}`,
      );
    if (!isSecure) return;
    this.ledger.append(entry);
    this.granted(entry);
  }

  /**
   * What the clients of an attempt at a round release, `ahead`, with the attempts before it that nothing has charged, and those at later
   * rounds. `own`: what the coordinator's half released in an attempt of which that is not recorded.
   */
  private costOf(
    round: number,
    attempt: number,
    ahead: readonly LedgerEntry[],
    own: readonly LedgerEntry[],
  ): readonly LedgerEntry[] {
    const earlier = this.attempts.uncharged(round, attempt);
    return [...ahead, ...earlier.flatMap((one) => placed(own, ahead, one)), ...this.ofLater(round)];
  }

  /** Until those rounds are done again, what an earlier process released there is in no ledger. */
  private ofLater(round: number): readonly LedgerEntry[] {
    const alike = this.costliestRound?.entries ?? [];
    const own = alike.filter(isCoordinators);
    // Which of its clients released most in another round says nothing of this one.
    const most = costliestClient(alike);
    const of = (clients: Iterable<PartyId>) =>
      [...clients].flatMap((party) => most.map((entry) => ({ ...entry, party })));
    const ofAll = of(this.ledger.clients());
    return this.attempts
      .unchargedAfter(round)
      .flatMap((attempt) => placed(own, attempt.cohort ? of(attempt.cohort) : ofAll, attempt));
  }

  private passed(further: readonly LedgerEntry[]): { readonly limit: SpendLimit; readonly epsilon: number } | null {
    for (const limit of this.limits) {
      const { epsilon } = this.ledger.spend(limit.delta, this.accounting, further);
      if (!(epsilon <= limit.epsilon * ROUNDING)) return { limit, epsilon };
    }
    return null;
  }

  charge(entries: readonly LedgerEntry[], round = entries): Readonly<Record<string, number>> {
    for (const entry of entries) this.ledger.append(entry);
    if (this.ledger.entries.length === 0) return {};
    if (this.limits.length > 0 || this.isRestored) this.remember(round);
    const { epsilon } = this.ledger.spend(this.settings.delta, this.accounting);
    this.refuseBeyond(epsilon);
    return { epsilon };
  }

  /** Where what was foreseen was too little, or is not known of a process that ended. `epsilon`: at the run's own delta. */
  private refuseBeyond(epsilon: number): void {
    for (const limit of this.limits) {
      const { delta } = limit;
      const spent = delta === this.settings.delta ? epsilon : this.ledger.spend(delta, this.accounting).epsilon;
      if (spent <= limit.epsilon * ROUNDING) continue;
      throw new GradswarmError(
        'ERR_OVERSPENT',
        `${limit.setting}: expected releases of at most epsilon ${limit.epsilon} at delta ${delta}, got ${spent}: clients released more ` +
          'than could be foreseen, or a process ended in an attempt that is counted at the most that a round released',
      );
    }
  }

  /** Of the last attempt at a round. */
  private remember(releases: readonly LedgerEntry[]): void {
    const last = releases.reduce((most, { attempt }) => Math.max(most, attempt), 0);
    const round = releases.filter(({ attempt }) => attempt === last);
    this.costliestRound = this.costlier(round, this.costliestRound);
    this.costliest = this.costlier(
      round.filter((entry) => !isCoordinators(entry)),
      this.costliest,
    );
  }

  private costlier(entries: readonly LedgerEntry[], than: Cost | null): Cost | null {
    if (entries.length === 0) return than;
    const { epsilon } = new Ledger(entries).spend(this.settings.delta, this.accounting);
    return !than || epsilon > than.epsilon ? { entries, epsilon } : than;
  }

  exhausted(round: number, attempt: number, expected: readonly LedgerEntry[] | null): boolean {
    const ahead = expected ?? placed([], this.costliest?.entries ?? [], { round, attempt: 0, cohort: null });
    this.underWay = { asked: this.underWay.round === round ? this.underWay.asked : [], round, ahead, refused: null };
    if (this.limits.length === 0) return false;
    const further = this.costOf(round, attempt, ahead, []);
    return (further.length > 0 || this.ledger.entries.length > 0) && this.passed(further) !== null;
  }

  abandoned(round: number, attempt: number): readonly LedgerEntry[] {
    const now = this.underWay.round === round ? this.underWay : null;
    const costliest = this.costliestRound?.entries ?? [];
    const ofCoordinator = now && now.asked.length > 0 ? now.asked : costliest.filter(isCoordinators);
    const ofClients = now?.ahead ?? this.costliest?.entries ?? [];
    const entries = [...this.ofLater(round)];
    for (const earlier of this.attempts.uncharged(round, attempt)) {
      const granted = now !== null && now.refused === earlier.attempt ? now.asked.slice(0, -1) : ofCoordinator;
      entries.push(...placed(granted, ofClients, earlier));
    }
    return entries;
  }

  recordedBy(attempts: Attempts, granted: (entry: LedgerEntry) => void): void {
    this.attempts = attempts;
    this.granted = granted;
  }

  restored(): void {
    this.isRestored = true;
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
 * At that attempt, by what is known of another: `own` of the coordinator, `ofClients`. Where it was recorded the ledger has what its
 * coordinator released, its line what its clients release at most, and an empty cohort released nothing else.
 */
function placed(
  own: readonly LedgerEntry[],
  ofClients: readonly LedgerEntry[],
  { round, attempt, cohort, expected }: Attempt,
): LedgerEntry[] {
  const open =
    expected ?? (cohort === null ? [...own, ...ofClients] : cohort.length > 0 ? chargedTo(cohort, ofClients) : []);
  return open.map((entry) => ({ ...entry, round, attempt }));
}

/** To each of these clients what it released there, or what the client that released most did. */
function chargedTo(cohort: readonly ClientIndex[], ofClients: readonly LedgerEntry[]): LedgerEntry[] {
  const most = costliestClient(ofClients);
  return cohort.flatMap((party) => {
    const its = ofClients.filter((entry) => entry.party === party);
    return (its.length > 0 ? its : most).map((entry) => ({ ...entry, party }));
  });
}

function isCoordinators({ party }: LedgerEntry): boolean {
  return party === 'coordinator';
}

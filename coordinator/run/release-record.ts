import type { ClientIndex } from '../../protocol/method.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import { Attempts } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import { byRound, cost, costliestClient, withAttempts } from './abandoned-attempts.js';
import type { AttemptOutlook } from './expected-releases.js';
import type { RunLoopOptions } from './run-loop-options.js';

/** Every privacy release of a run: of its rounds, of their aborted attempts, and of earlier processes. */
export class ReleaseRecord {
  private ledger: LedgerEntry[] = [];
  /**
   * Of secure noise: a round that is done again draws other noise. Seeded noise is a function of the attempt: a repetition releases
   * nothing new, so none are remembered.
   */
  private attempts = new Attempts();
  /** Of the costliest round so far. */
  private worst: readonly LedgerEntry[] = [];
  /** Of the attempt under way: what the coordinator's half was granted, which is in the ledger. */
  private readonly granted = new Set<LedgerEntry>();
  /** Of the attempt under way: it has a line of its own, since its clients may release. */
  private isWritten = false;

  constructor(private readonly options: Pick<RunLoopOptions, 'scenario' | 'privacy' | 'observer'>) {
    this.follow();
  }

  get entries(): readonly LedgerEntry[] {
    return this.ledger;
  }

  private get isSecure(): boolean {
    return this.options.scenario.privacy.noise === 'secure';
  }

  /** Of earlier processes of this run. */
  restore(entries: readonly LedgerEntry[], attempts: Attempts): void {
    const { privacy, scenario } = this.options;
    this.ledger = [...entries];
    if (this.isSecure) this.attempts = new Attempts(attempts.recorded().filter(({ round }) => round < scenario.rounds));
    this.follow();
    privacy?.restored();
    // Round by round: the budget is compared with the costliest round so far.
    for (const releases of byRound(entries)) {
      this.remember(releases);
      privacy?.charge(releases);
    }
  }

  /** Number of the first attempt of this process at a round. */
  firstAttempt(round: number): number {
    return this.attempts.begun(round);
  }

  /**
   * Before anything of the attempt can leave: with secure noise it is on the disk when this returns, unless its clients release nothing by
   * themselves (`mayRelease`) and none has so far. What the coordinator's half releases is written as it is granted.
   */
  begin(
    { index, attempt, cohort }: RoundPlan,
    { mayRelease, expected }: Pick<AttemptOutlook, 'mayRelease' | 'expected'>,
  ): void {
    // A replay does not make the attempts that were aborted: those of seeded noise are charged by the one that succeeded, in both.
    const begun = this.isSecure
      ? { round: index, attempt, cohort, ...(expected && { expected }) }
      : { round: index, attempt, cohort: null };
    this.granted.clear();
    this.attempts.begin(begun);
    this.isWritten = this.isSecure && (mayRelease || this.worst.some(({ party }) => party !== 'coordinator'));
    if (this.isWritten) this.options.observer.begun?.(begun);
  }

  /** The run ends before `attempt` at a round: those before it, and those at later rounds, are charged for what they may have released. */
  abandon(round: number, attempt = this.attempts.begun(round)): void {
    const { privacy } = this.options;
    const entries = privacy?.abandoned(round, attempt) ?? [];
    const later = this.attempts.unchargedAfter(round);
    this.written(entries, attempt > 0 ? [...later, { round, attempt: attempt - 1 }] : later);
    if (entries.length > 0) privacy!.charge(entries);
  }

  /** What the round released, in aborted attempts too, is in the record and on the disk when this returns; columns for metrics. */
  add({ index, attempt, cohort }: RoundPlan, reports: readonly PartyReport[]): Readonly<Record<string, number>> {
    const entries = reports.flatMap(({ ledger }) => ledger) as readonly LedgerEntry[];
    const reported = new Set(reports.map(({ party }) => party));
    const silent = cohort.filter((client: ClientIndex) => !reported.has(client));
    this.remember(entries);
    const worst = this.isSecure ? this.worst : [];
    const earlier = this.attempts.uncharged(index, attempt);
    const released = withAttempts(entries, earlier, { cohort, silent }, worst);
    const further = released.filter((entry) => !this.granted.has(entry));
    this.written(further, this.isWritten || earlier.length > 0 ? [{ round: index, attempt }] : []);
    this.attempts.forget(index);
    return this.options.privacy?.charge(further, released) ?? {};
  }

  private follow(): void {
    this.options.privacy?.recordedBy(this.attempts, (entry) => {
      this.granted.add(entry);
      this.written([entry], []);
    });
  }

  private written(
    entries: readonly LedgerEntry[],
    charged: readonly { readonly round: number; readonly attempt: number }[],
  ): void {
    this.ledger.push(...entries);
    for (const { round, attempt } of charged) this.attempts.charge(round, attempt);
    const places = this.isSecure ? charged.map(({ round, attempt }) => ({ round, attempt })) : [];
    if (entries.length > 0 || places.length > 0) this.options.observer.released?.(entries, places);
  }

  private remember(round: readonly LedgerEntry[]): void {
    if (costOfRound(round) > costOfRound(this.worst)) this.worst = round;
  }
}

function costOfRound(entries: readonly LedgerEntry[]): number {
  return cost(entries.filter(({ party }) => party === 'coordinator')) + cost(costliestClient(entries));
}

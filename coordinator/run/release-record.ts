import type { ClientIndex } from '../../protocol/method.js';
import type { PartyReport } from '../../protocol/party/party-report.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import { withAbandonedAttempts } from './privacy-budget.js';
import type { RunLoopOptions } from './run-loop-options.js';

/** Every privacy release of a run: of its rounds, of their aborted attempts, and of earlier processes. */
export class ReleaseRecord {
  private ledger: LedgerEntry[] = [];
  /**
   * The round that was under way when an earlier process of this run ended. With secure noise it and those before it that are
   * repeated release again, so they are second attempts; null where none are.
   */
  private interrupted: number | null = null;

  /** `secure`: is fresh noise drawn when a round is done again? The same seed gives the same noise: a repetition releases nothing new. */
  constructor(private readonly secure: boolean) {}

  get entries(): readonly LedgerEntry[] {
    return this.ledger;
  }

  /** Of earlier processes of this run, before round `round` is done. */
  restore(entries: readonly LedgerEntry[], round: number): void {
    this.ledger = [...entries];
    const last = entries.reduce((latest, entry) => Math.max(latest, entry.round), round - 1);
    if (this.secure) this.interrupted = last + 1;
  }

  /** The round that an earlier process did not finish; null: none. */
  get unfinished(): number | null {
    return this.interrupted;
  }

  isDoneAgain(round: number): boolean {
    return this.interrupted !== null && round <= this.interrupted;
  }

  /** Attempts at a round before this one that no entry is of. */
  unchargedBefore(round: number, attempt: number): number {
    // What an earlier process released is in the ledger, except for the round that it did not finish.
    return attempt - (this.isDoneAgain(round) && round !== this.interrupted ? 1 : 0);
  }

  /** The run ends before `attempt`: those before it are charged for what they may have released. */
  abandon(round: number, attempt: number, { privacy, observer }: Pick<RunLoopOptions, 'privacy' | 'observer'>): void {
    const entries = privacy?.abandoned(round, this.unchargedBefore(round, attempt)) ?? [];
    if (entries.length === 0) return;
    this.ledger.push(...entries);
    observer.released?.(entries);
    privacy!.charge(entries, round);
  }

  /** Adds what the round released, in aborted attempts too, and returns it. */
  add({ index, attempt, cohort }: RoundPlan, reports: readonly PartyReport[]): readonly LedgerEntry[] {
    const entries = reports.flatMap(({ ledger }) => ledger) as readonly LedgerEntry[];
    const reported = new Set(reports.map(({ party }) => party));
    const silent = cohort.filter((client: ClientIndex) => !reported.has(client));
    const released = withAbandonedAttempts(entries, this.unchargedBefore(index, attempt), silent);
    this.ledger.push(...released);
    return released;
  }
}

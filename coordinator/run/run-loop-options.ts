import type { ClientIndex, PartyId, ReadonlyVector } from '../../protocol/method.js';
import type { Crew } from '../../protocol/party/crew.js';
import type { ByteCounts } from '../../protocol/party/dispatch.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { Attempts } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { CheckpointCost } from './checkpoint-pace.js';
import type { Evaluator } from './evaluation.js';
import type { BestRound, RunObserver } from './run-observer.js';

export interface RunLoopOptions {
  readonly scenario: Scenario;
  /** The coordinator's own part: its half, where the method has one. */
  readonly site: RunSite;
  readonly crew: Crew;
  readonly evaluator: Evaluator;
  readonly observer: RunObserver;
  /** Clients of the cohort that scripted faults keep from a round that begins at this simulated time. */
  readonly scriptedAbsences: (round: number, cohort: readonly ClientIndex[], atMs?: number) => RoundPlan['absent'];
  /** Clients that scripted faults make begin a round with a record from `init`. */
  readonly forgotten: (round: number) => readonly ClientIndex[];
  /** How often each rule of `scenario.faults` acted since this loop was made, in all processes. */
  readonly faultsFired: () => readonly number[];
  /** Epsilon of all releases so far, and whether the budget allows another round; null for runs without privacy. */
  readonly privacy: PrivacyBudget | null;
  /**
   * The estimates on the examples of one client as they are in a round, by name of the figure; null: it has none. Left out: clients are not evaluated, whatever the
   * scenario says.
   */
  readonly evaluateClient?: (
    client: ClientIndex,
    estimates: readonly ReadonlyVector[],
    round: number,
  ) => Promise<Readonly<Record<string, number>> | null>;
  /** Looks at the estimates after every round; what it returns joins the round's row of metrics. */
  readonly inspect?: (
    round: number,
    estimates: readonly ReadonlyVector[],
  ) => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Number of the first attempt at a round, where the ledger does not have it: a replay does what succeeded. */
  readonly firstAttempt?: (round: number) => number;
  /** Why the run ends after this row, or null. Left out: it does not. */
  readonly stop?: (row: MetricsRow) => string | null;
  readonly signal: AbortSignal;
  /** Lets the event loop run when it has not for a while; null when that is not due. Left out: never. */
  readonly pause?: () => Promise<void> | null;
  readonly now: () => number;
}

export interface PrivacyBudget {
  /** Adds releases; returns columns for metrics. ERR_OVERSPENT: they have passed a limit. `round`: all of their round, those charged before included; left out: these. */
  charge(entries: readonly LedgerEntry[], round?: readonly LedgerEntry[]): Readonly<Record<string, number>>;
  /**
   * Would an attempt at a round pass a limit, by what its clients release by themselves? `expected`: that; null: as in the
   * costliest round so far. Attempts before it that nothing has charged, and those at later rounds, are charged alike.
   */
  exhausted(round: number, attempt: number, expected: readonly LedgerEntry[] | null): boolean;
  /** When the run ends before `attempt` at a round: what those before it and those at later rounds have released, at most, uncharged. */
  abandoned(round: number, attempt: number): readonly LedgerEntry[];
  /**
   * Attempts, which the record of releases keeps, and what writes down a release of the coordinator's half that was admitted and charged,
   * before it is made.
   */
  recordedBy(attempts: Attempts, granted: (entry: LedgerEntry) => void): void;
  /** Before the releases of earlier processes are charged. */
  restored(): void;
}

export interface RunResult {
  readonly roundsDone: number;
  /** 'finished': all rounds were done. 'early': `stopWhen` applied. 'budget': of privacy. 'stopped': by the user. */
  readonly stopped: 'finished' | 'stopped' | 'budget' | 'early';
  /** Why, under 'early'. */
  readonly why: string | null;
  readonly bytes: ByteCounts;
  readonly faultsFired: readonly number[];
  /** Rounds in which no update arrived. */
  readonly withoutUpdate: number;
  readonly simulatedMs: number;
  readonly wallMs: number;
  /** Of the last stretch. */
  readonly checkpoints: CheckpointCost;
  /** Clients whose worker was lost: their last state is not known. */
  readonly lostClients: readonly ClientIndex[];
  /** Encoded records of all other parties that took part, for the digest. None, and no estimates, when the run was stopped. */
  readonly records: ReadonlyMap<PartyId, Uint8Array>;
  readonly estimates: readonly ReadonlyVector[];
  /** The estimates as they are evaluated. */
  readonly model: readonly ReadonlyVector[];
  /** Of `keepBest`; null: none was asked for, or no value was seen. */
  readonly best: BestRound | null;
}

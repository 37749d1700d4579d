import type { Archive } from '../../coordinator/members/run-archive.js';
import type { RunBudget } from '../../coordinator/run/privacy-budget.js';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import type { SessionEvent } from '../../coordinator/run-directory/session-log.js';
import type { ClientIndex } from '../../protocol/method.js';
import type { Crew } from '../../protocol/party/crew.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { RunOptions } from './run.js';
import type { WorkerLauncher } from './worker-launcher.js';

/** The processes of a run's parties, and the coordinator's connection to them. */
export interface Fleet {
  readonly site: RunSite;
  readonly crew: Crew;
  /** In words, for the manifest and the report. */
  readonly transport: string;
  readonly privacy: RunBudget;
  scriptedAbsences(round: number, cohort: readonly ClientIndex[], atMs?: number): RoundPlan['absent'];
  /** Clients that begin the round with a new record. */
  forgotten(round: number): readonly ClientIndex[];
  /** How often each rule of `scenario.faults` acted. */
  faultsFired(): readonly number[];
  /** After EpochAbandoned: the same workers, or their replacements, with new parties. */
  again?(): Promise<Fleet>;
  /** A round is done, or its checkpoint is on the disk. */
  report?(type: 'committed' | 'checkpointed', round: number): void;
  /** A round is done: observers are notified. */
  progress?(row: MetricsRow): void;
  /** Lets the workers go; of all stretches at once. */
  close(ending?: 'finished' | 'failed' | 'again'): Promise<void>;
}

export interface FleetOptions {
  readonly listen: RunOptions['listen'];
  /** Of worker processes on this machine; left out: there are none. */
  readonly launcher?: WorkerLauncher;
  readonly signal: AbortSignal;
  /** Number of the first stretch, and the rounds that its checkpoint holds. */
  readonly epoch: number;
  readonly fromRound: number;
  /** The run directory as a tar stream. */
  readonly archive?: Archive;
  note(text: string): void;
  /** About once a second. */
  seats?(table: control.Seats): void;
  session(event: SessionEvent): void;
}

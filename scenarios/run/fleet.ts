import type { RunBudget } from '../../coordinator/run/privacy-budget.js';
import type { RunEvent } from '../../coordinator/run-directory/events.js';
import type { ClientIndex } from '../../protocol/method.js';
import type { Crew } from '../../protocol/party/crew.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { RoundPlan } from '../../protocol/wire/seal.js';
import type { RunOptions } from './run.js';

/** Where the parties of a run live, and how the coordinator reaches them. */
export interface Fleet {
  readonly site: RunSite;
  readonly crew: Crew;
  /** In words, for the manifest and the report. */
  readonly transport: string;
  readonly privacy: RunBudget;
  scriptedAbsences(round: number, cohort: readonly ClientIndex[]): RoundPlan['absent'];
  /** Clients that begin the round with a new record. */
  forgotten(round: number): readonly ClientIndex[];
  /** How often each rule of `scenario.faults` acted. */
  faultsFired(): readonly number[];
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly listen: RunOptions['listen'];
  readonly signal: AbortSignal;
  note(text: string): void;
  event(event: RunEvent): void;
}

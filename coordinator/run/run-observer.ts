import type { ClientIndex, PartyId, ReadonlyVector } from '../../protocol/method.js';
import type { CrewReport } from '../../protocol/party/crew.js';
import type { DeliveryEntry } from '../../protocol/party/delivery-log.js';
import type { ByteCounts } from '../../protocol/party/dispatch.js';
import type { Agenda } from '../../protocol/party/task-desk.js';
import type { Attempt, Attempts } from '../../protocol/privacy/accounting/attempts.js';
import type { LedgerEntry } from '../../protocol/privacy/accounting/ledger-entry.js';
import type { ClientRow } from '../run-directory/client-metrics.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import type { TimesRow } from '../run-directory/times.js';
import type { BatteryState } from './batteries.js';
import type { AverageState } from './iterate-average.js';
import type { MeetingState } from './meeting-state.js';

/** Callbacks of the run loop. */
export interface RunObserver {
  /** `empty`: no update arrived. */
  round(row: MetricsRow, entry: DeliveryEntry, report: CrewReport & { readonly empty: boolean }): void;
  /** Samplers: posterior draws that the round kept, by chain; called before `round`. */
  draws?(chains: readonly ReadonlyVector[]): void;
  /** Figures of single clients in a round, where the scenario asks for them; called before `round`. */
  clients?(round: number, rows: readonly ClientRow[]): void;
  /** Real times of a round, of runs whose messages travel; called before `round`. */
  times?(round: number, rows: readonly TimesRow[]): void;
  abandoned(round: number, attempt: number, reason: string): void;
  /** Called at the checkpoint interval and when the run is stopped; records of the parties that changed since the last. */
  checkpoint(round: number, records: ReadonlyMap<PartyId, Uint8Array>, carried: CarriedState): void;
  /** The records of a checkpoint are collected and written from now on, or that is done. */
  writing?(begins: boolean): void;
  /** Of secure noise, before anything of the attempt can leave: must be on the disk when it returns. */
  begun?(attempt: Attempt): void;
  /**
   * Privacy was spent on these: must be on the disk when it returns. `charged`, of secure noise: rounds of which every attempt up to this one
   * is among the releases so far.
   */
  released?(
    entries: readonly LedgerEntry[],
    charged: readonly { readonly round: number; readonly attempt: number }[],
  ): void;
}

/** The round that was best so far, and its model as it was evaluated. */
export interface BestRound {
  /** Rounds that were done. */
  readonly round: number;
  readonly value: number;
  readonly model: readonly ReadonlyVector[];
}

/** What the loop itself carries from round to round. */
export interface CarriedState {
  readonly simulatedMs: number;
  readonly wallMs: number;
  readonly ledger: readonly LedgerEntry[];
  /** Of a run that is continued, from its files. Left out: a run that did not record them. */
  readonly attempts?: Attempts;
  readonly lostClients: readonly ClientIndex[];
  /** Sent so far. Left out by checkpoints of older versions. */
  readonly bytes?: ByteCounts;
  /** Rounds in which no update arrived. Left out by checkpoints of older versions. */
  readonly withoutUpdate?: number;
  /** Of `keepBest`. Left out: there is none. */
  readonly best?: BestRound;
  /** How often each rule of `scenario.faults` has acted. */
  readonly faultsFired: readonly number[];
  /** Charges of clients' batteries. Left out: there are none. */
  readonly batteries?: BatteryState;
  /** Of `evaluation.average`. Left out: there is none. */
  readonly average?: AverageState;
  /** Peers that were away in the last round. Left out: none. */
  readonly away?: readonly ClientIndex[];
  /** Methods of tasks: which client works on what. */
  readonly agenda?: Agenda;
  /** Methods of meetings: which client is ready when. */
  readonly meetings?: MeetingState;
}

import type { ClientIndex, PartyId, ReadonlyVector } from '../method.js';
import type { RoundPlan } from '../wire/seal.js';
import type { AbsenceRecord } from './delivery-log.js';
import type { ByteCounts } from './dispatch.js';
import type { PartyReport } from './party-report.js';

/** What became of one attempt among all clients. */
export interface CrewReport {
  /** Ascending by client. */
  readonly parties: readonly PartyReport[];
  readonly absences: readonly AbsenceRecord[];
  readonly bytes: ByteCounts;
  /** Live tensors on each process's device; -1 for a process that ran no client in this round. */
  readonly tensorCounts: readonly number[];
}

/** A client's first frame of an attempt and the first that came back, as the coordinator's process sees them. */
export interface Trip {
  /** Real milliseconds between the two. */
  readonly spanMs: number;
  /** On the wire, of the one there and the one back. */
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** How a round ended. `abandoned`: no state changes. */
export interface Settlement {
  readonly round: number;
  readonly attempt: number;
  readonly abandoned: boolean;
  /** Clients whose uplink was not used: their round is void. */
  readonly voided: readonly ClientIndex[];
  /** Posts to peers that were not used, by sender. */
  readonly undelivered: readonly {
    readonly client: ClientIndex;
    readonly posts: readonly { readonly kind: string; readonly step: number; readonly to: ClientIndex }[];
  }[];
}

/** The coordinator's interface to all clients of a run, in whatever process. */
export interface Crew {
  /**
   * Runs the client halves of the plan's cohort. Rejects with WorkersLost when a process that hosts some of them is lost, with
   * EpochAbandoned when the run has to go back to its last checkpoint. After its report, and until `settle`, `stop` is called in
   * such a case: what the coordinator's half still waits for may have been lost with the process.
   */
  begin(plan: RoundPlan, stop?: (error: Error) => void): Promise<CrewReport>;
  /** Runs one task: a plan of one client, beside tasks of other clients. Rejects as `begin` does. */
  startTask(plan: RoundPlan): Promise<CrewReport>;
  /** Stops the attempt: `begin` then fails. */
  abort(plan: RoundPlan): void;
  /** The coordinator's half is done without these clients: their rounds are void, and `begin` does not wait for them. */
  conclude(plan: RoundPlan, voided: readonly ClientIndex[]): void;
  settle(settlement: Settlement, cohort: readonly ClientIndex[]): void;
  /** Of the clients that answered in this attempt so far. Left out: nothing travels. */
  trips?(plan: RoundPlan): ReadonlyMap<ClientIndex, Trip>;
  /** Estimates of every client that has a state, by client. */
  estimates(): Promise<ReadonlyMap<ClientIndex, readonly ReadonlyVector[]>>;
  /**
   * Encoded records of these clients; those that were never invited are left out. `quietMs`: rejects with ERR_STOPPED when nothing
   * came for so long, since their process still computes. The map is the caller's: the crew keeps none.
   */
  records(clients: readonly ClientIndex[] | 'all', quietMs?: number): Promise<ReadonlyMap<ClientIndex, Uint8Array>>;
  /**
   * A message of this party is none of the method: its worker loses its seat, and the attempt fails for that. False: the party
   * runs in this process, or its worker is lost already. Left out: all do.
   */
  refuse?(sender: PartyId, why: string): boolean;
  /** Clients whose worker was lost and will not return. Left out: no worker can be lost. */
  lostClients?(): readonly ClientIndex[];
  restore(records: ReadonlyMap<ClientIndex, Uint8Array>): Promise<void>;
  /** The waiting takes and their missing senders, for the error of a stalled run. */
  waits(): Promise<readonly string[]>;
  close(): Promise<void>;
}

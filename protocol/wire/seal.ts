import type { ClientIndex, PartyId } from '../method.js';

/** "I have returned": how many steps of each kind a party posted in a round, so that no receiver waits for what was not posted. */
export interface Seal {
  readonly round: number;
  readonly attempt: number;
  readonly from: PartyId;
  /** By kind index. */
  readonly counts: readonly number[];
}

/** One attempt at one round, as sent to every process of the run. */
export interface RoundPlan {
  readonly index: number;
  readonly attempt: number;
  readonly cohort: readonly ClientIndex[];
  /** Clients of the cohort whose half is not run, and why. */
  readonly absent: readonly { readonly from: ClientIndex; readonly why: 'crashed' | 'aborted' }[];
  /** Clients, of the cohort or not, that are reset to a record from `init` before the round. */
  readonly forgotten: readonly ClientIndex[];
  readonly inclusion: number;
  /** Simulated time at which the round begins. */
  readonly startMs: number;
  /** Peers that were away in the round before: their clocks begin at `atMs`, if that is later. Left out: none. */
  readonly returned?: { readonly clients: readonly ClientIndex[]; readonly atMs: number } | undefined;
  /** The round is one task of one client: `index` is the step whose offer it was given, `attempt` the task's number. */
  readonly task?: boolean | undefined;
  /**
   * The round is a meeting: the clients of the cohort that have finished a gradient. One of a cohort of two meets the other; else each is
   * by itself. The round begins at `startMs`, whatever the clients' own clocks are.
   */
  readonly ready?: readonly ClientIndex[] | undefined;
}

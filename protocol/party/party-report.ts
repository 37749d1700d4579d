import type { ClientIndex, PartyId } from '../method.js';
import type { CodingCosts } from './coding-cost.js';
import type { ByteCounts } from './dispatch.js';
import type { UnusedMessage } from './round-host.js';

/** Real time of a client in one attempt, measured where it runs. Results do not depend on it. */
export interface PartyTimes {
  /** From the first message that it took to its first to the coordinator, ms. */
  readonly heldMs: number;
  /** Examples of gradients and losses until then, and in the whole round, and what computing the latter took, ms. */
  readonly heldExamples: number;
  readonly examples: number;
  readonly computedMs: number;
}

/** A number that a probe measured of one client. */
export type ClientFigure = readonly [client: ClientIndex, name: string, value: number];

/** What became of one party's half in one attempt. */
export interface PartyReport {
  readonly party: PartyId;
  readonly clockMs: number;
  readonly measures: readonly (readonly [name: string, value: number])[];
  readonly unusedMessages: readonly UnusedMessage[];
  /** Coordinator only: what probes measured of single clients. Left out: nothing. */
  readonly probed?: readonly ClientFigure[];
  /** Coordinator only: clients whose due message was not used. */
  readonly unused: readonly number[];
  /** Coordinator only: how many messages it took, and when the last of those that were lost would have arrived. */
  readonly inbox?: { readonly received: number; readonly lostMs: number };
  readonly ledger: readonly unknown[];
  /** What this party's codecs cost. */
  readonly coding: CodingCosts;
  /** Of a task or a server step: what the party sent. */
  readonly sent?: ByteCounts;
  /** Left out: it sent the coordinator nothing after a message that it took, or no clock was there. */
  readonly times?: PartyTimes;
  /** Of a meeting: when the party had read the other's message, simulated ms. */
  readonly metMs?: number;
}

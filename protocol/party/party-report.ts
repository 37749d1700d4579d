import type { PartyId } from '../method.js';
import type { CodingCosts } from './coding-cost.js';
import type { ByteCounts } from './dispatch.js';
import type { UnusedMessage } from './round-host.js';

/** What became of one party's half in one attempt. */
export interface PartyReport {
  readonly party: PartyId;
  readonly clockMs: number;
  readonly measures: readonly (readonly [name: string, value: number])[];
  readonly unusedMessages: readonly UnusedMessage[];
  /** Coordinator only: clients whose due message was not used. */
  readonly unused: readonly number[];
  /** Coordinator only: how many messages it took, and when the last of those that were lost would have arrived. */
  readonly inbox?: { readonly received: number; readonly lostMs: number };
  readonly ledger: readonly unknown[];
  /** What this party's codecs cost. */
  readonly coding: CodingCosts;
  /** Of a task or a server step: what the party sent. */
  readonly sent?: ByteCounts;
}

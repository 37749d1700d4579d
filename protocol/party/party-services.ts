import type { Objective, PartyId, Privacy } from '../method.js';
import type { LedgerEntry } from '../privacy/accounting/ledger-entry.js';
import type { Probe } from '../probe.js';
import type { Energy } from '../scenario/scenario.js';
import type { RoundPlan } from '../wire/seal.js';
import type { Dispatch } from './dispatch.js';
import type { MessageCoding } from './message-coding.js';
import type { PostOffice } from './post-office.js';
import type { PartyRecord } from './record.js';
import type { RoundClock, RoundHost } from './round-host.js';

/** What a host gives each of its parties. */
export interface PartyServices {
  readonly host: RoundHost;
  readonly office: PostOffice;
  readonly dispatch: Dispatch;
  coding(party: PartyId, record: PartyRecord): MessageCoding;
  /** Milliseconds of a real clock; left out: nothing is measured. */
  readonly now?: () => number;
  /** Of the coordinator's inbox. */
  readonly probes: readonly Probe[];
  /** Simulated milliseconds that the party's device takes for a round beside its examples, if it begins it at this time of its own. */
  msPerRound(party: PartyId, round: number, atMs: number): number;
  /** What the party's device uses; null: it is not measured. */
  energy(party: PartyId): Energy | null;
  objective(party: PartyId, round: RoundClock): Objective;
  /** The half has returned: what its objective holds of this round can go. */
  released(round: RoundClock): void;
  privacy(party: PartyId, plan: RoundPlan, ledger: LedgerEntry[]): Privacy;
}

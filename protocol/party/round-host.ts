import type { GradswarmError } from '../errors.js';
import type {
  Absence,
  AnyClientHalf,
  AnyMethod,
  ClientIndex,
  Links,
  Objective,
  PartyId,
  Privacy,
  Rng,
  Secrets,
  Segment,
} from '../method.js';
import type { ProbedMessage } from '../probe.js';
import type { Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { RoundPlan } from '../wire/seal.js';
import type { Dispatch } from './dispatch.js';
import type { InboxRules } from './inbox-rules.js';
import type { LentVectors } from './lent-vectors.js';
import type { RoundMailbox } from './mailbox.js';
import type { MessageCoding } from './message-coding.js';

/** A message of a peer or the coordinator that this party did not use, reported to the sender when the round is committed. */
export interface UnusedMessage {
  readonly kind: string;
  readonly step: number;
  readonly from: PartyId;
  readonly to: PartyId;
}

/** What all parties of a process share. */
export interface RoundHost extends RoundEvents {
  readonly method: AnyMethod;
  /** Throws ERR_PROTOCOL for the coordinator of a method of peers alone. */
  halfOf(party: PartyId): AnyClientHalf;
  readonly hyperparameters: unknown;
  readonly clientCount: number;
  readonly precision: 'float32' | 'float64';
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  readonly layouts: ReadonlyMap<string, KindLayout>;
  readonly secrets: Secrets;
  readonly vectors: LentVectors;
  /** Attacks on what is received, and robust sums; null: none in this run. */
  readonly inboxRules: InboxRules | null;
  /** In a hierarchy: the clients that are edge servers. */
  readonly edgeServers: readonly ClientIndex[];
  linksOf(client: ClientIndex, round: number): Links;
  /** The parties to notify when a party's half has returned. */
  sealReceivers(party: PartyId, plan: RoundPlan): readonly PartyId[];
  streamOf(party: PartyId, round: number): Rng;
  sharedStream(round: number): Rng;
  /** Sender order of an inbox: the identity, except for planted faults. */
  inboxOrder(senders: readonly PartyId[], mailbox: RoundMailbox, layout: KindLayout, step: number): readonly PartyId[];
}

/** Receives what a party did without. */
export interface RoundEvents {
  absence(party: PartyId, round: number, kind: string, step: number, from: PartyId, why: Absence['why']): void;
  refused(frame: Frame, error: GradswarmError): void;
}

/** The running round of a party, as its objective sees it: simulated time is spent on its clock, in milliseconds. */
export interface RoundClock {
  readonly index: number;
  clockMs: number;
  /** The attempt was aborted: its results are discarded. */
  readonly isAborted: boolean;
  /** The party's stream of the round. */
  readonly rng: Rng;
  /** What its objective has computed so far: examples, as simulated time counts them, and real milliseconds. Left out: not measured. */
  readonly computed?: { examples: number; ms: number };
  /** Its objective, once it has asked for it; null when it is released. Written by the host, who would else need a table of rounds. */
  lent: Objective | null;
}

/** What belongs to one party. */
export interface PartyTools {
  objective(round: RoundClock): Objective;
  privacy(): Privacy;
  /** Of the party's record: what inbox rules kept of the round before, by kind and step. */
  readonly memories: Readonly<Record<string, unknown>>;
  readonly undelivered: readonly { readonly kind: string; readonly step: number; readonly to: PartyId }[];
  /** Simulated milliseconds of its device for the round in addition to its examples. */
  readonly msPerRound: number;
  readonly coding: MessageCoding;
  readonly events: RoundEvents;
  /** Of this party and round. */
  stream(): Rng;
  /** Milliseconds of a real clock; left out: nothing is measured. */
  readonly now?: () => number;
  /** Called with every message that the party takes, once it is decoded. Left out: the coordinator has no probe. */
  readonly received?: (kind: string, message: ProbedMessage) => void;
}

/** What one attempt of a party at a round is made of. */
export interface Attempt {
  readonly party: PartyId;
  readonly host: RoundHost;
  readonly plan: RoundPlan;
  readonly mailbox: RoundMailbox;
  readonly dispatch: Pick<Dispatch, 'send' | 'deadline' | 'lostSentMs'>;
  readonly tools: PartyTools;
  /** Simulated clock of the party when the attempt begins, milliseconds. */
  readonly clockMs: number;
}

import { GradswarmError } from '../errors.js';
import { edgeStreamOf } from '../links/edge-stream.js';
import {
  type AnyClientHalf,
  type AnyMethod,
  type ClientIndex,
  type Halves,
  type Links,
  makeHalves,
  type PartyId,
  type Precision,
  type Rng,
  type Secrets,
  type Segment,
} from '../method.js';
import { PrivateCoins, type SamplingCoins } from '../privacy/mechanisms/private-coins.js';
import type { Frame } from '../wire/frame.js';
import { type KindLayout, layoutsOf } from '../wire/layout.js';
import type { RoundPlan } from '../wire/seal.js';
import type { AbsenceRecord } from './delivery-log.js';
import type { InboxRules } from './inbox-rules.js';
import { KeptValues } from './kept-values.js';
import { LentVectors } from './lent-vectors.js';
import { linksIn } from './links-in.js';
import type { RoundMailbox } from './mailbox.js';
import type { RoundHost } from './round-host.js';

export interface RunHostOptions {
  readonly method: AnyMethod;
  readonly hyperparameters: unknown;
  readonly clientCount: number;
  readonly precision: Precision;
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  /** Root of the run's streams. */
  readonly streams: Rng;
  /** This round's graph; null for methods without peers. */
  readonly topology: {
    readonly edgeServers?: readonly ClientIndex[];
    linksOf(client: ClientIndex, round: number): Links;
  } | null;
  readonly secrets: Secrets;
  readonly inboxRules: InboxRules | null;
  /** Some kind of the run has a codec. */
  readonly encodes: boolean;
  /** Decide Poisson samples; null: the keyed streams do. */
  readonly coins: SamplingCoins | null;
  /** Examples of each client; left out: not known. */
  exampleCounts?(): readonly number[];
}

/** Of parties; those of others are derived again. */
const KEPT_STREAMS = 8192;

/** What all parties of one process share in one run. Every party's streams are keyed here and nowhere else. */
export class RunHost implements RoundHost {
  readonly method: AnyMethod;
  readonly halves: Halves;
  readonly hyperparameters: unknown;
  readonly clientCount: number;
  readonly precision: Precision;
  readonly segments: readonly Segment[];
  readonly parameterCount: number;
  readonly layouts: ReadonlyMap<string, KindLayout>;
  readonly secrets: Secrets;
  readonly vectors: LentVectors;
  readonly inboxRules: InboxRules | null;
  readonly coins: SamplingCoins | null;
  readonly edgeServers: readonly ClientIndex[];
  private readonly streams: Rng;
  private readonly topology: RunHostOptions['topology'];
  private readonly partyStreams = new KeptValues<PartyId, Rng>(KEPT_STREAMS);
  /** Examples of each client; undefined: not known. */
  readonly exampleCounts?: () => readonly number[];
  private readonly clientsSendToClients: boolean;
  private readonly clientsSendToPeers: boolean;
  private sharedOf = { round: -1, stream: null as Rng | null };
  private absences: AbsenceRecord[] = [];
  private refusals: { readonly frame: Frame; readonly error: GradswarmError }[] = [];

  constructor(options: RunHostOptions) {
    this.method = options.method;
    this.hyperparameters = options.hyperparameters;
    this.clientCount = options.clientCount;
    this.precision = options.precision;
    this.segments = options.segments;
    this.parameterCount = options.parameterCount;
    this.vectors = new LentVectors(options.parameterCount, options.precision, options.encodes);
    this.streams = options.streams;
    this.topology = options.topology;
    this.secrets = options.secrets;
    this.inboxRules = options.inboxRules;
    this.coins = options.coins;
    if (options.exampleCounts) this.exampleCounts = options.exampleCounts;
    this.edgeServers = options.topology?.edgeServers ?? [];
    this.halves = makeHalves(options.method, { ...options, edgeServers: this.edgeServers });
    this.layouts = layoutsOf(options.method.messages, options.precision, options.parameterCount);
    const fromClients = [...this.layouts.values()].filter(({ kind }) => kind.from === 'clients');
    this.clientsSendToClients = fromClients.some(({ kind }) => kind.to === 'cohort');
    this.clientsSendToPeers = fromClients.some(({ kind }) => kind.to === 'peers');
  }

  halfOf(party: PartyId): AnyClientHalf {
    if (party !== 'coordinator') return this.halves.client;
    if (!this.halves.coordinator)
      throw new GradswarmError('ERR_PROTOCOL', `'${this.method.name}' has no coordinator half`);
    return this.halves.coordinator as unknown as AnyClientHalf;
  }

  linksOf(client: ClientIndex, round: number): Links {
    if (!this.topology) return ALONE(client);
    return this.topology.linksOf(client, round);
  }

  sealReceivers(party: PartyId, plan: RoundPlan): readonly PartyId[] {
    if (party === 'coordinator') return plan.cohort;
    const receivers: PartyId[] = this.method.coordinator ? ['coordinator'] : [];
    if (this.clientsSendToClients) receivers.push(...plan.cohort);
    else if (this.clientsSendToPeers) receivers.push(...linksIn(this, party, plan).outNeighbors);
    return receivers;
  }

  streamOf(party: PartyId, round: number): Rng {
    const stream = this.partyStreams.get(party) ?? this.partyStreams.add(party, this.streams.derive('party', party));
    const ofRound = stream.derive('round', round);
    return this.coins ? new PrivateCoins(ofRound, this.coins) : ofRound;
  }

  initStream(party: PartyId): Rng {
    return this.streams.derive('party', party, 'init');
  }

  sharedStream(round: number): Rng {
    if (this.sharedOf.round !== round || !this.sharedOf.stream)
      this.sharedOf = { round, stream: this.streams.derive('shared', round) };
    return this.sharedOf.stream!;
  }

  /** The stream of the network model for one frame: a function of its address alone, attempt included. */
  edgeStream(frame: Frame, purpose: string): Rng {
    return edgeStreamOf(this.streams, frame, purpose);
  }

  inboxOrder(
    senders: readonly PartyId[],
    _mailbox: RoundMailbox,
    _layout: KindLayout,
    _step: number,
  ): readonly PartyId[] {
    return senders;
  }

  absence(to: PartyId, round: number, kind: string, step: number, from: PartyId, why: AbsenceRecord['why']): void {
    this.absences.push({ round, kind, step, from, to, why });
  }

  refused(frame: Frame, error: GradswarmError): void {
    this.refusals.push({ frame, error });
  }

  /** Absences seen since the last call. */
  takeAbsences(): readonly AbsenceRecord[] {
    if (this.absences.length === 0) return NONE;
    const taken = this.absences;
    this.absences = [];
    return taken;
  }

  /** The same of one task alone: others may be running beside it. */
  takeAbsencesOf(party: PartyId): readonly AbsenceRecord[] {
    const own = this.absences.filter(({ to }) => to === party);
    if (own.length > 0) this.absences = this.absences.filter(({ to }) => to !== party);
    return own;
  }

  takeRefusals(): readonly { readonly frame: Frame; readonly error: GradswarmError }[] {
    const taken = this.refusals;
    if (taken.length > 0) this.refusals = [];
    return taken;
  }
}

const NONE: readonly AbsenceRecord[] = [];

const ALONE = (client: ClientIndex): Links => ({
  inNeighbors: [client],
  outNeighbors: [client],
  weightFrom: (peer) => (peer === client ? 1 : 0),
  weightTo: (peer) => (peer === client ? 1 : 0),
});

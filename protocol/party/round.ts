import { GradswarmError, MessageRefused } from '../errors.js';
import type {
  Absence,
  ClientIndex,
  Delivery,
  Inbox,
  Links,
  Objective,
  PartyId,
  Payload,
  Privacy,
  ReadonlyVector,
  Received,
  Rng,
  Secrets,
  Segment,
  Total,
  Vector,
} from '../method.js';
import { zeros } from '../numerics/vector.js';
import type { AnyPayload } from '../wire/encoded-message.js';
import { type Frame, type Release, wireBytesOf } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import { SharedBody } from '../wire/shared-body.js';
import type { InboxAddress, InboxMemory } from './inbox-rules.js';
import { KindSteps } from './kind-steps.js';
import { declaredBound, KindTotal } from './kind-total.js';
import { linksIn } from './links-in.js';
import type { MessageCoding } from './message-coding.js';
import { openedMessages } from './opened-messages.js';
import type { PartyTimes } from './party-report.js';
import { NO_MESSAGES, Parcels, sameList } from './receivers.js';
import type { Attempt, PartyTools, RoundHost, UnusedMessage } from './round-host.js';
import { streamed } from './streamed.js';

// biome-ignore lint/suspicious/noExplicitAny: one class serves every method; the methods see the exact types of method.ts.
type AnyKind = any;

/** What one half can see and do in one attempt at one round: the `at` of method.ts, for either side. */
export class PartyRound {
  readonly index: number;
  readonly cohort: readonly ClientIndex[];
  readonly inclusion: number;
  readonly measures: [name: string, value: number][] = [];
  /** Of a meeting: has this client finished a gradient? The other one continues with its own. */
  readonly isReady: boolean;
  /** Simulated clock of this party, milliseconds. */
  clockMs: number;
  /** When it had read the last message that it took, simulated ms; before: when it began. */
  readMs: number;
  /** Clients whose uplink was due and not used: their round is void. */
  readonly unused = new Set<ClientIndex>();
  readonly unusedMessages: UnusedMessage[] = [];
  /** Made with the first. */
  private late: Set<PartyId> | null = null;
  /** Messages that it took, and when the last of those that were lost on their way would have arrived, simulated ms; 0: none was. */
  readonly inbox = { received: 0, lostMs: 0 };
  /** What its energy follows from: simulated ms that it waited for messages, and bytes on the wire. */
  private readonly traffic = { waitedMs: 0, sentBytes: 0, receivedBytes: 0 };
  readonly computed?: { examples: number; ms: number };
  lent: Objective | null = null;
  /** Real times of a client: of the first message that it took, and what had happened until it first sent the coordinator one. */
  private tookMs: number | null = null;
  private held: { readonly ms: number; readonly examples: number } | null = null;
  /** When the last message that the coordinator took from each sender arrived, simulated ms; of clients nothing asks. */
  readonly arrivedMs: Map<PartyId, number> | null;
  /** What inbox rules keep for the next round. */
  readonly inboxMemories: Record<string, InboxMemory> = {};
  protected readonly coding: MessageCoding;
  protected readonly kinds: KindSteps;
  private ownStream: Rng | null = null;
  /** The device's time per round: spent after the first message received, or before the first post. */
  private unspentMs: number;
  protected readonly host: RoundHost;
  private readonly party: PartyId;
  private readonly plan: Attempt['plan'];
  private readonly mailbox: Attempt['mailbox'];
  private readonly dispatch: Attempt['dispatch'];
  private readonly own: PartyTools;

  constructor({ party, host, plan, mailbox, dispatch, tools, clockMs }: Attempt) {
    this.party = party;
    this.plan = plan;
    this.host = host;
    this.mailbox = mailbox;
    this.dispatch = dispatch;
    this.own = tools;
    if (tools.now) this.computed = { examples: 0, ms: 0 };
    this.coding = tools.coding;
    this.index = plan.index;
    this.cohort = plan.cohort;
    this.inclusion = plan.inclusion;
    this.isReady = plan.ready?.includes(party as ClientIndex) ?? true;
    this.clockMs = plan.ready ? plan.startMs : Math.max(clockMs, plan.startMs);
    this.readMs = this.clockMs;
    this.unspentMs = tools.msPerRound;
    this.kinds = new KindSteps(host, party, plan);
    this.arrivedMs = party === 'coordinator' ? new Map() : null;
  }

  get isAborted(): boolean {
    return this.mailbox.revoked;
  }
  get hyperparameters(): unknown {
    return this.host.hyperparameters;
  }
  get clientCount(): number {
    return this.host.clientCount;
  }
  get segments(): readonly Segment[] {
    return this.host.segments;
  }
  get self(): ClientIndex {
    return this.party as ClientIndex;
  }
  get objective(): Objective {
    return this.own.objective(this);
  }
  get links(): Links {
    return linksIn(this.host, this.party as ClientIndex, this.plan);
  }
  get rng(): Rng {
    return (this.ownStream ??= this.own.stream());
  }
  get shared(): Rng {
    return this.host.sharedStream(this.index);
  }
  get privacy(): Privacy {
    return this.own.privacy();
  }
  get secrets(): Secrets {
    return this.host.secrets;
  }
  get undelivered(): readonly { readonly kind: string; readonly step: number; readonly to: PartyId }[] {
    return this.own.undelivered;
  }
  /** Steps posted of each kind, by kind index: the content of the seal. */
  get postCounts(): readonly number[] {
    return this.kinds.posted;
  }

  zeros(length = this.host.parameterCount): Vector {
    return zeros(length, this.host.precision);
  }

  borrow(): Vector {
    return this.host.vectors.borrow();
  }

  giveBack(vector: ReadonlyVector): void {
    // Attacks and robust sums keep messages from round to round, probes until the round is over; so may codecs.
    if (!this.host.inboxRules && !this.own.received && !this.coding.keeps(vector)) this.host.vectors.giveBack(vector);
  }

  get work(): { clockMs: number; waitedMs: number; sentBytes: number; receivedBytes: number } {
    return { clockMs: this.clockMs, ...this.traffic };
  }

  get times(): PartyTimes | null {
    const { held, computed } = this;
    if (held === null || !computed) return null;
    return { heldMs: held.ms, heldExamples: held.examples, examples: computed.examples, computedMs: computed.ms };
  }

  measure(name: string, value: number): void {
    this.measures.push([name, value]);
  }

  post(kind: string, to: PartyId | readonly PartyId[], payload: AnyPayload): AnyPayload {
    this.spendRoundTime();
    const { layout, step } = this.kinds.outgoing(kind);
    const named: readonly PartyId[] = Array.isArray(to) ? (to as readonly PartyId[]) : [to as PartyId];
    const { message, delivered, free } = this.coding.encode(layout, step, null, payload, this, 0, named);
    const messages = [message];
    const body = free && new SharedBody(free);
    const possible = this.kinds.receivers(layout.kind);
    if (named === possible || sameList(named, possible))
      for (const party of possible) this.send(layout, step, party, messages, body?.use());
    else {
      const chosen = this.kinds.distinct(kind, named);
      this.sendStep(layout, step, possible, chosen, (to) => this.send(layout, step, to, messages, body?.use()));
    }
    body?.drop();
    return delivered;
  }

  postEach(kind: string, deliveries: readonly Delivery<AnyKind>[]): readonly AnyPayload[] {
    this.spendRoundTime();
    const { layout, step } = this.kinds.outgoing(kind);
    const parcels = new Parcels();
    const delivered = deliveries.map(({ to, payload, stream }, position) => {
      const encoded = this.coding.encode(layout, step, stream, payload as AnyPayload, this, position, [to]);
      parcels.add(to, encoded);
      return encoded.delivered;
    });
    this.sendStep(layout, step, this.kinds.receivers(layout.kind), parcels, (to) =>
      this.send(layout, step, to, parcels.messagesFor(to), parcels.releaseFor(to)),
    );
    return delivered;
  }

  async take(kind: string): Promise<Inbox<AnyKind>> {
    const { layout, step, senders } = this.incoming(kind);
    await this.mailbox.ready(layout.index, step, senders);
    const absent: Absence[] = [];
    const inbox: Received<AnyKind>[] = [];
    for (const frame of this.admitted(layout, step, senders, absent)) this.open(layout, frame, inbox, absent);
    if (inbox.length === 0) this.waitInVain();
    return Object.assign(this.ruled(layout, step, inbox), { absent });
  }

  stream(kind: string): AsyncIterable<Received<AnyKind>> & { readonly absent: readonly Absence[] } {
    const { layout, step, senders } = this.incoming(kind);
    const absent: Absence[] = [];
    const ruled = this.host.inboxRules?.concerns({ receiver: this.party, round: this.index, layout, step }) ?? false;
    const source = {
      // A deadline is applied once all senders have arrived or are absent; without one each message is read on arrival.
      // So is an inbox that rules look at as a whole.
      groups: ruled || this.dispatch.deadline(this.party) !== null ? [senders] : senders.map((sender) => [sender]),
      ready: (group: readonly PartyId[]) => this.mailbox.ready(layout.index, step, group),
      frames: (group: readonly PartyId[]) => this.admitted(layout, step, group, absent),
      open: (frame: Frame, into: Received<AnyKind>[]) => this.open(layout, frame, into, absent),
      rule: ruled ? (opened: Received<AnyKind>[]) => this.ruled(layout, step, opened) : null,
      none: () => this.waitInVain(),
    };
    return { absent, [Symbol.asyncIterator]: () => streamed<Frame, Received<AnyKind>>(source) };
  }

  async total(kind: string, bound: number): Promise<Total<AnyKind>> {
    const { layout, step, senders } = this.incoming(kind, bound);
    const total = new KindTotal(layout, bound, senders.length);
    await this.mailbox.ready(layout.index, step, senders);
    const absent: Absence[] = [];
    const inbox: Received<AnyKind>[] = [];
    for (const frame of this.admitted(layout, step, senders, absent))
      if (frame.summed) this.openPart(layout, frame, total);
      else this.open(layout, frame, inbox, absent);
    total.addParts(() => this.zeros());
    if (inbox.length + total.count === 0) this.waitInVain();
    for (const message of this.ruled(layout, step, inbox) as readonly (AnyPayload & { readonly from: PartyId })[])
      if (!total.add(message)) this.miss(layout, step, message.from, 'rejected', absent);
    return { count: total.count, sum: total.value(this.zeros(0)) as Payload<AnyKind>, absent };
  }

  /** The messages as attacks and robust sums leave them; the same where no rule looks at this kind. */
  private ruled(layout: KindLayout, step: number, inbox: Received<AnyKind>[]): Received<AnyKind>[] {
    const memories = { kept: this.own.memories, next: this.inboxMemories };
    const address: InboxAddress = { receiver: this.party, round: this.index, layout, step };
    return (this.host.inboxRules?.applyIn(inbox as never, address, memories) ?? inbox) as Received<AnyKind>[];
  }

  private sendStep(
    layout: KindLayout,
    step: number,
    possible: readonly PartyId[],
    chosen: { has(party: PartyId): boolean; readonly size: number },
    send: (to: PartyId) => void,
  ): void {
    let sent = 0;
    for (const party of possible) {
      if (chosen.has(party)) {
        sent++;
        send(party);
      } else this.send(layout, step, party, NO_MESSAGES);
    }
    if (sent < chosen.size) throw this.kinds.unknownReceiver(layout, possible);
  }

  private send(layout: KindLayout, step: number, to: PartyId, messages: Frame['messages'], release?: Release): void {
    if (this.mailbox.revoked)
      throw new GradswarmError('ERR_STOPPED', `round ${this.index}: this attempt was abandoned`);
    const frame: Frame = {
      kindIndex: layout.index,
      round: this.index,
      attempt: this.mailbox.attempt,
      step,
      from: this.party,
      to,
      arrivesAtMs: this.clockMs,
      lost: null,
      messages,
    };
    if (to !== this.party) this.traffic.sentBytes += wireBytesOf(frame);
    if (to === 'coordinator' && this.tookMs !== null)
      this.held ??= { ms: this.own.now!() - this.tookMs, examples: this.computed!.examples };
    this.dispatch.send(this, layout, release ? { ...frame, release } : frame);
  }

  /** `bound`: of a total; null: its messages are taken. */
  private incoming(
    kind: string,
    bound: number | null = null,
  ): { readonly layout: KindLayout; readonly step: number; readonly senders: readonly PartyId[] } {
    const { layout, step } = this.kinds.incoming(kind);
    if (bound !== null && layout.bytes.length > 0)
      throw this.kinds.misuse(`'${kind}' has byte fields; they have no sum`);
    const declared = declaredBound(layout, this.host);
    if (declared !== null && declared !== bound)
      throw this.kinds.misuse(`declares that it takes '${kind}' by total('${kind}', ${declared}) alone`);
    return { layout, step, senders: this.host.inboxOrder(this.kinds.senders(layout.kind), this.mailbox, layout, step) };
  }

  /** Frames that count, in sender order; the clock moves to when the last of them was there. */
  private admitted(layout: KindLayout, step: number, senders: readonly PartyId[], absent: Absence[]): readonly Frame[] {
    const frames: Frame[] = [];
    for (const from of senders) {
      const arrival = this.mailbox.arrival(layout.index, step, from);
      if (arrival === null) continue;
      if (typeof arrival === 'string') this.miss(layout, step, from, arrival, absent);
      else frames.push(arrival);
    }
    const limit = this.dispatch.deadline(this.party);
    const judged = limit?.judge(frames, senders.length, this.late ?? new Set());
    const used: Frame[] = [];
    for (const frame of frames) {
      if (judged?.isLate(frame)) {
        if (limit?.isFinal) (this.late ??= new Set()).add(frame.from);
        this.miss(layout, step, frame.from, 'late', absent);
      } else {
        used.push(frame);
        if (frame.from !== this.party) this.traffic.receivedBytes += wireBytesOf(frame);
        this.waitUntil(frame.arrivesAtMs);
      }
    }
    const until = judged?.untilMs ?? 0;
    if (used.length < frames.length) this.waitUntil(until);
    if (used.length > 0) {
      this.spendRoundTime();
      this.tookMs ??= this.own.now?.() ?? null;
    }
    return used;
  }

  private waitUntil(ms: number): void {
    if (ms <= this.clockMs) return;
    this.traffic.waitedMs += ms - this.clockMs;
    this.clockMs = ms;
  }

  /** An edge server that takes nothing waits, as a coordinator does, until what was lost between it and its clients would have been there. */
  private waitInVain(): void {
    if (this.host.edgeServers.includes(this.self))
      this.waitUntil(Math.max(this.inbox.lostMs, this.dispatch.lostSentMs(this.party)));
  }

  private spendRoundTime(): void {
    this.clockMs += this.unspentMs;
    this.unspentMs = 0;
  }

  private openPart(layout: KindLayout, frame: Frame, total: KindTotal): void {
    if (this.host.inboxRules || this.own.received || this.dispatch.deadline(this.party))
      throw new MessageRefused(frame.from, layout.name, 'messages one by one in this run');
    total.part(frame);
    this.arrivedMs?.set(frame.from, frame.arrivesAtMs);
    this.inbox.received++;
    this.readMs = this.clockMs;
    this.mailbox.discard(frame);
  }

  protected open(layout: KindLayout, frame: Frame, into: Received<AnyKind>[], absent: Absence[]): void {
    if (frame.messages.length > 0) this.arrivedMs?.set(frame.from, frame.arrivesAtMs);
    try {
      const decode = (i: number) => this.coding.decode(layout, frame, frame.messages[i]!, i, this);
      for (const message of openedMessages(layout, frame, this.host, decode)) {
        if (frame.release && !this.mailbox.keepsRead) this.host.vectors.receive(layout, frame, message);
        into.push(message as Received<AnyKind>);
        this.inbox.received++;
        this.own.received?.(layout.name, message);
      }
      if (frame.release && !this.mailbox.keepsRead && this.coding.isDecoded(layout, frame)) frame.release();
    } catch (error) {
      if (!(error instanceof GradswarmError)) throw error;
      // In this process it is a mistake of the method; from another one it breaks the protocol.
      if (error instanceof MessageRefused && this.party === 'coordinator' && frame.receivedBytes !== undefined)
        throw error;
      this.own.events.refused(frame, error);
      this.miss(layout, frame.step, frame.from, 'rejected', absent);
    } finally {
      this.readMs = this.clockMs;
      this.mailbox.discard(frame);
    }
  }

  protected miss(layout: KindLayout, step: number, from: PartyId, why: Absence['why'], absent: Absence[]): void {
    absent.push({ from, why });
    this.inbox.lostMs = Math.max(this.inbox.lostMs, this.mailbox.lostAtMs(layout.index, step, from) ?? 0);
    this.own.events.absence(this.party, this.index, layout.name, step, from, why);
    if (why !== 'crashed' && why !== 'aborted') this.notUsed(layout, step, from);
  }

  private notUsed(layout: KindLayout, step: number, from: PartyId): void {
    if (layout.kind.to === 'peers' || from === 'coordinator')
      this.unusedMessages.push({ kind: layout.name, step, from, to: this.party });
    else if (this.party === 'coordinator') this.unused.add(from);
  }
}

import { GradswarmError } from '../../protocol/errors.js';
import type { PartyId } from '../../protocol/method.js';
import { KeptBytes } from '../../protocol/party/kept-bytes.js';
import { framesOf, partialSum } from '../../protocol/party/partial-sum.js';
import type { PostOffice, Remote } from '../../protocol/party/post-office.js';
import { channelOver, socketError } from '../../protocol/sockets/frame-socket.js';
import type { Listener } from '../../protocol/sockets/sockets.js';
import { type Packed, sealsMessages } from '../../protocol/wire/control-messages.js';
import type { Frame } from '../../protocol/wire/frame.js';
import type { ChannelOptions, FrameChannel } from '../../protocol/wire/frame-channel.js';
import type { Incoming } from '../../protocol/wire/frame-receiver.js';
import type { KindLayout } from '../../protocol/wire/layout.js';
import { BROKEN, CLOSED, type MessageSocket, type Resent } from '../../protocol/wire/message-socket.js';
import { openFrame } from '../../protocol/wire/open-frame.js';
import { readPacked } from '../../protocol/wire/packed-message.js';
import { pack } from '../../protocol/wire/packing.js';
import type { Seal } from '../../protocol/wire/seal.js';
import { FrameEntrance } from './frame-entrance.js';
import type { Member, Membership } from './membership.js';
import { Trips } from './trips.js';

/** A socket of an epoch that is over is closed after this time, if the worker has not done so. */
const RETIRED_MS = 10_000;

/** Memory of a frame that waits, beside its body, about. */
const FRAME_BYTES = 512;

/** Memory of a seal that waits, and of each party that it goes to, about. */
const SEAL_BYTES = 128;
const RECEIVER_BYTES = 16;

interface QueuedSeal {
  readonly seal: Seal;
  readonly to: PartyId[];
  /** Of what a member sent, until it has left: to be given back. */
  readonly bytes: number;
}

interface Wire {
  readonly member: Member;
  readonly socket: MessageSocket;
  /** A numbered link; else it is lost with its connection. */
  readonly numbered: boolean;
  isUp: boolean;
  readonly channel: FrameChannel;
  /** What others sent to it and its channel has not taken. */
  readonly waiting: KeptBytes;
  /** Something was not sent, or not acknowledged on a numbered link, and how many messages had been; null: all was. */
  unread: { readonly sentMessages: number; readonly sinceMs: number } | null;
}

export interface RouterEvents {
  /** A packed message that is not a seal. */
  answer(member: Member, message: Packed): void;
  /** A frame arrived: the run makes progress. */
  alive(): void;
  /** A worker broke the protocol or its frame socket closed. */
  broken(member: Member, error: GradswarmError): void;
  /** The connection of a numbered link broke; another may come, and what was under way is sent again. */
  down(member: Member, why: string): void;
  up(member: Member, resent: Resent): void;
  seen(member: Member): void;
}

/** Frame sockets of all workers: takes frames for the coordinator in, and passes on those that peers send through it. */
export class FrameRouter implements Remote {
  private readonly entrance: FrameEntrance;
  private readonly wires = new Map<string, Wire>();
  private readonly layouts: readonly KindLayout[];
  private office: PostOffice | null = null;
  readonly trips = new Trips();
  private seals = new Map<string, QueuedSeal[]>();
  private flushing = false;
  /** Rises when an epoch is over: what was kept back in it is not sent in the next. */
  private stretch = 0;
  /** Bytes of peers' frames that went through here, and of frames from and to the coordinator: as websocket messages. */
  relayedBytes = 0;
  receivedFrameBytes = 0;

  constructor(
    server: Listener,
    private readonly membership: Membership,
    layouts: Iterable<KindLayout>,
    private readonly options: Omit<ChannelOptions, 'crc32' | 'defer'> & {
      /** Values in one packed message. */
      readonly maxPackedValues: number;
      /** Most that is kept of what others sent to one member before it takes it, bytes. */
      readonly keptBytes: number;
      /** Real milliseconds to keep a frame of the coordinator's half back; null: none is. */
      readonly hold: ((frame: Frame) => number) | null;
      readonly heartbeatMs: number;
      /** On this thread, at a Unix-domain socket: messages of the workers that come there too. Left out: none can. */
      readonly ownListener?: Listener | null;
      /** Numbers of the model, where workers may send sums of their clients' messages; left out: they may not. */
      readonly parameterCount?: number;
      /** Does it take repeats? Left out: none does. */
      takesRepeats?(member: Member): boolean;
    },
    private readonly events: RouterEvents,
  ) {
    this.layouts = [...layouts].sort((a, b) => a.index - b.index);
    const { ownListener = null, heartbeatMs } = options;
    this.entrance = new FrameEntrance(server, ownListener, heartbeatMs, (token, socket, numbered, isLocal) => {
      const member = membership.byToken(token);
      if (member) this.accept(member, socket, numbered, isLocal);
      else socket.close(BROKEN);
    });
  }

  /** Those who have a seat now may open frame sockets, with the tokens that they have now, and no others. */
  admit(): void {
    this.entrance.admit(new Map(this.membership.present().map(({ token }) => [token, token])));
  }

  /** Frames for the coordinator's own half go here. */
  connect(office: PostOffice): void {
    this.office = office;
  }

  send(frame: Frame): void {
    this.trips.left(frame);
    const heldMs = this.options.hold?.(frame) ?? 0;
    const { stretch } = this;
    const go = () => {
      if (stretch !== this.stretch) return;
      const member = frame.to === 'coordinator' ? undefined : this.membership.host(frame.to);
      const wire = member && this.wires.get(member.id);
      wire?.channel.send({ type: 'frame', frame });
    };
    if (heldMs > 0) setTimeout(go, heldMs);
    else go();
  }

  seal(seal: Seal, to: readonly PartyId[]): void {
    for (const [member, parties] of this.byHost(to)) this.queueSeal(member, { seal, to: parties, bytes: 0 });
  }

  room(): Promise<void> | null {
    const busy = [...this.wires.values()].filter(({ channel }) => !channel.idle);
    return busy.length === 0 ? null : Promise.all(busy.map(({ channel }) => channel.drained())).then(() => {});
  }

  notify(member: Member, message: Packed): void {
    this.wires.get(member.id)?.channel.send({ type: 'packed', body: pack(message) });
  }

  /** Bytes of websocket messages that carried the coordinator's own frames, framing not included; of repeats as of frames with their body. */
  get sentFrameBytes(): number {
    let sum = 0;
    for (const { channel } of this.wires.values()) sum += channel.sentFrameBytes;
    return sum;
  }

  /** Those of them that repeats saved. */
  get savedBytes(): number {
    return [...this.wires.values()].reduce((sum, { channel }) => sum + channel.savedBytes, 0);
  }

  /** Null: no frame socket, or one that is lost with its connection. */
  linkOf(member: Member): 'up' | 'down' | null {
    const wire = this.wires.get(member.id);
    if (!wire?.numbered) return null;
    return wire.isUp ? 'up' : 'down';
  }

  /** Looks at what has left this process since the last call. */
  watchUnread(): void {
    const nowMs = performance.now();
    for (const wire of this.wires.values()) {
      const { isSent, sentMessages } = wire.channel;
      if (isSent || wire.unread?.sentMessages !== sentMessages)
        wire.unread = isSent ? null : { sentMessages, sinceMs: nowMs };
    }
  }

  /** For how long the member has taken nothing of what waits for it, as far as the calls of `watchUnread` show, ms. */
  unreadMs(member: Member): number {
    const unread = this.wires.get(member.id)?.unread;
    return unread ? performance.now() - unread.sinceMs : 0;
  }

  /**
   * The epoch is over: further frames of these sockets are discarded. Workers close them when they are assigned again. Tokens are
   * drawn again: a worker that was slow to open its socket of this epoch must not have one in the next, where its end would be a loss.
   */
  retire(): void {
    const old = [...this.wires.values()];
    this.stretch++;
    this.wires.clear();
    this.seals.clear();
    this.office = null;
    this.membership.renewTokens();
    this.admit();
    for (const { socket, numbered } of old)
      setTimeout(() => socket.close(numbered ? CLOSED : BROKEN), RETIRED_MS).unref();
  }

  drop(member: Member): void {
    const wire = this.wires.get(member.id);
    this.wires.delete(member.id);
    wire?.socket.close(BROKEN);
    this.admit();
  }

  close(): void {
    for (const { socket } of this.wires.values()) socket.close();
    this.wires.clear();
    this.entrance.close();
  }

  private accept(member: Member, socket: MessageSocket, numbered: boolean, isLocal: boolean): void {
    const sendsRepeats = this.options.takesRepeats?.(member) ?? false;
    const channel = channelOver(socket, { ...this.options, sendsRepeats, isLocal });
    const isCurrent = () => this.wires.get(member.id)?.socket === socket;
    const waiting = new KeptBytes(this.options.keptBytes);
    const wire: Wire = { member, socket, numbered, channel, waiting, unread: null, isUp: true };
    this.wires.set(member.id, wire);
    socket.on('down', (why) => {
      wire.isUp = false;
      if (isCurrent()) this.events.down(member, why);
    });
    socket.on('up', (resent) => {
      wire.isUp = true;
      if (isCurrent()) this.events.up(member, resent);
    });
    socket.on('seen', () => {
      if (isCurrent()) this.events.seen(member);
    });
    socket.on('message', (message) => {
      if (isCurrent()) this.receive(member, channel, message);
    });
    socket.on('close', (_code, reason) => {
      if (!isCurrent()) return;
      this.wires.delete(member.id);
      const why = `${member.id} closed its frame socket${reason && `: ${reason}`}`;
      this.events.broken(member, new GradswarmError('ERR_WORKER_LOST', why));
    });
  }

  private receive(member: Member, channel: FrameChannel, data: Uint8Array): void {
    try {
      const incoming = channel.receive(data);
      if (incoming?.type === 'packed') return this.unpack(member, incoming.body);
      this.events.alive();
      if (incoming) this.frame(member, incoming);
    } catch (error) {
      this.events.broken(member, socketError(error));
    }
  }

  private frame(member: Member, incoming: Incoming & { type: 'frame' }): void {
    const { header, body } = incoming;
    if (header.from === 'coordinator' || this.membership.host(header.from) !== member)
      throw new GradswarmError(
        'ERR_PROTOCOL',
        `${member.id} sent a frame of party ${header.from}, which it does not host`,
      );
    if (header.to === 'coordinator') {
      this.receivedFrameBytes += body.byteLength;
      this.trips.came(header, body.byteLength);
      this.office?.receive(openFrame(incoming, this.layouts));
      return;
    }
    const host = this.membership.host(header.to);
    const wire = host && this.wires.get(host.id);
    if (!wire) return;
    this.relayedBytes += body.byteLength;
    // A receiver that does not read must not make this process keep what others send without end.
    const bytes = body.byteLength + FRAME_BYTES;
    wire.waiting.add(header.from, bytes);
    wire.waiting.check(header.from);
    // The checksum stays the sender's: a frame that was changed on its way here is refused where it is read.
    wire.channel.send({ type: 'relay', header, body, left: () => wire.waiting.add(header.from, -bytes) });
  }

  private unpack(member: Member, body: Uint8Array): void {
    const message = readPacked(body, this.options, `packed message of ${member.id}`);
    if (message.type === 'sum') return this.sum(member, message);
    if (message.type !== 'seals') return this.events.answer(member, message);
    this.events.alive();
    for (const { to, ...seal } of message.seals) {
      if (seal.from === 'coordinator' || this.membership.host(seal.from) !== member)
        throw new GradswarmError('ERR_PROTOCOL', `${member.id} sealed party ${seal.from}, which it does not host`);
      const own = to.filter((party) => party === 'coordinator');
      if (own.length > 0) this.office?.receiveSeal(seal, own);
      for (const [host, parties] of this.byHost(to)) this.passOn(host, seal, parties);
    }
  }

  /** A sum of messages of its clients, in place of their frames. */
  private sum(member: Member, message: Extract<Packed, { type: 'sum' }>): void {
    this.events.alive();
    const layout = this.layouts[message.kind];
    const other = message.frames.find(({ from }) => this.membership.host(from) !== member);
    const { parameterCount } = this.options;
    if (!layout || parameterCount === undefined || other)
      throw new GradswarmError(
        'ERR_PROTOCOL',
        `${member.id} sent a sum of kind ${message.kind}, which it may not send`,
      );
    const sum = partialSum(message, layout, parameterCount);
    for (const { from, bodyBytes } of sum.frames) this.trips.came({ ...sum, from }, bodyBytes);
    for (const frame of framesOf(sum)) this.office?.receive(frame);
  }

  /** As frames of peers, seals are not kept without end for a receiver that does not read. */
  private passOn(host: Member, seal: Seal, to: PartyId[]): void {
    const wire = this.wires.get(host.id);
    if (!wire) return;
    const bytes = SEAL_BYTES + RECEIVER_BYTES * to.length;
    wire.waiting.add(seal.from, bytes);
    wire.waiting.check(seal.from);
    this.queueSeal(host, { seal, to, bytes });
  }

  private byHost(to: readonly PartyId[]): Map<Member, PartyId[]> {
    const byHost = new Map<Member, PartyId[]>();
    for (const party of to) {
      const host = party === 'coordinator' ? undefined : this.membership.host(party);
      if (!host) continue;
      const list = byHost.get(host);
      if (list) list.push(party);
      else byHost.set(host, [party]);
    }
    return byHost;
  }

  /** Seals of one turn of the event loop travel together. */
  private queueSeal(member: Member, queued: QueuedSeal): void {
    const list = this.seals.get(member.id);
    if (list) list.push(queued);
    else this.seals.set(member.id, [queued]);
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      const { seals } = this;
      this.seals = new Map();
      for (const [id, queued] of seals) {
        const wire = this.wires.get(id);
        if (!wire) continue;
        const messages = sealsMessages(queued);
        const left = () => {
          for (const { seal, bytes } of queued) wire.waiting.add(seal.from, -bytes);
        };
        messages.forEach((message, index) => {
          const isLast = index === messages.length - 1;
          wire.channel.send({ type: 'packed', body: pack(message), ...(isLast && { left }) });
        });
      }
    });
  }
}

import { GradswarmError } from '../protocol/errors.js';
import type { PartyId } from '../protocol/method.js';
import type { PostOffice, Remote } from '../protocol/party/post-office.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import { channelOver, socketError } from '../protocol/sockets/frame-socket.js';
import { PATHS } from '../protocol/sockets/paths.js';
import { processSockets } from '../protocol/sockets/process-sockets.js';
import type { OpenedSocket, Sockets } from '../protocol/sockets/sockets.js';
import { localSocketUrl } from '../protocol/sockets/unseen-way.js';
import { UNWATCHED_MS, WatchedSocket } from '../protocol/sockets/watched-socket.js';
import {
  type Assign,
  type Introduction,
  type Packed,
  type Ready,
  sealsMessages,
} from '../protocol/wire/control-messages.js';
import type { Frame } from '../protocol/wire/frame.js';
import type { ChannelOptions, FrameChannel } from '../protocol/wire/frame-channel.js';
import type { Incoming } from '../protocol/wire/frame-receiver.js';
import type { KindLayout } from '../protocol/wire/layout.js';
import { BROKEN, type MessageSocket } from '../protocol/wire/message-socket.js';
import { openFrame } from '../protocol/wire/open-frame.js';
import { readPacked } from '../protocol/wire/packed-message.js';
import { pack } from '../protocol/wire/packing.js';
import type { Seal } from '../protocol/wire/seal.js';
import { type PeerAddress, PeerSockets } from './peer-sockets.js';

/** Least time for the first connection to the coordinator, which on a busy machine takes as long as a sign of life may. */
const OPEN_MS = 10_000;

interface LinkOptions extends Omit<ChannelOptions, 'crc32' | 'defer'> {
  readonly coordinatorUrl: string;
  readonly assign: Assign;
  readonly layouts: Iterable<KindLayout>;
  /** Where to listen for other workers; null: frames between clients go by the coordinator, or there are none. */
  readonly peers: PeerAddress | null;
  /** Values in one packed message. */
  readonly maxPackedValues: number;
  readonly trust: TlsTrust;
  readonly heartbeatMs: number;
  /** A peer that is unreachable for longer is sent frames through the coordinator. */
  readonly peerDownMs: number;
  /** Path of the coordinator's Unix-domain socket; null: its port is used. */
  readonly localLink?: string | null;
  /** Frames over it are of this thread (`hasOwnFrames`). Left out: of the one that has the sockets. */
  readonly ownFrames?: boolean;
  /** Real milliseconds to keep a frame back; null: none is. */
  readonly hold: ((frame: Frame) => number) | null;
  /** An answer or request of the coordinator that came packed and is not a seal. */
  readonly onPacked: (message: Packed) => void;
  /** What the coordinator sent is not of the protocol. */
  readonly onBreach: (error: GradswarmError) => void;
  /** The coordinator has ended the link. A broken connection does not: another is opened. */
  readonly onClosed: () => void;
  note(text: string): void;
}

/** A worker's way out: one link to the coordinator and, where reachable, one to each other worker. */
export class FrameLink implements Remote {
  private office: PostOffice | null = null;
  private readonly coordinator: FrameChannel;
  private peers: PeerSockets | null = null;
  private readonly hostOf = new Map<PartyId, string>();
  private readonly layouts: readonly KindLayout[];
  private seals: { readonly seal: Seal; readonly to: readonly PartyId[] }[] = [];
  private flushing = false;
  private closing = false;
  /** There is a connection to the coordinator. */
  isUp = true;

  private constructor(
    private readonly options: LinkOptions,
    private readonly socket: MessageSocket,
    isLocal: boolean,
  ) {
    this.layouts = [...options.layouts].sort((a, b) => a.index - b.index);
    for (const { worker, clients } of options.assign.workers)
      for (const client of clients) this.hostOf.set(client, worker);
    this.coordinator = channelOver(socket, { ...options, repeats: true, isLocal });
    socket.on('message', (message) => {
      try {
        const incoming = this.coordinator.receive(message);
        if (incoming) this.receive(incoming, null);
      } catch (error) {
        if (!this.closing) options.onBreach(socketError(error));
      }
    });
    socket.on('down', () => {
      this.isUp = false;
    });
    socket.on('up', () => {
      this.isUp = true;
    });
    socket.on('close', () => {
      this.isUp = false;
      if (!this.closing) options.onClosed();
    });
  }

  /** Connects to the coordinator and listens for peers. */
  static async open(options: LinkOptions): Promise<FrameLink> {
    const { socket, localAddress, isLocal } = await openToCoordinator(options);
    const self = new FrameLink(options, socket, isLocal);
    if (options.peers) await self.listen(options.peers, localAddress);
    return self;
  }

  connect(office: PostOffice): void {
    this.office = office;
  }

  /** Where other workers reach this one. */
  get peerAddress(): Ready['peer'] {
    return this.peers?.advertised ?? null;
  }

  /** Opens a socket to every other worker. Those that cannot be reached are named; their frames go by the coordinator. */
  async connectPeers(introduction: Introduction): Promise<string[]> {
    return (await this.peers?.connect(introduction)) ?? [];
  }

  send(frame: Frame): void {
    const heldMs = this.options.hold?.(frame) ?? 0;
    const go = () => this.route(frame.to).send({ type: 'frame', frame });
    if (heldMs > 0) setTimeout(go, heldMs);
    else go();
  }

  seal(seal: Seal, to: readonly PartyId[]): void {
    this.seals.push({ seal, to });
    if (this.flushing) return;
    this.flushing = true;
    setImmediate(() => this.flushSeals());
  }

  room(): Promise<void> | null {
    const busy = this.channels().filter(({ idle }) => !idle);
    return busy.length === 0 ? null : Promise.all(busy.map((channel) => channel.drained())).then(() => {});
  }

  notify(message: Packed): void {
    this.coordinator.send({ type: 'packed', body: pack(message) });
  }

  /** Bytes of websocket messages that carried this worker's frames, framing not included. */
  get sentFrameBytes(): number {
    return this.channels().reduce((sum, channel) => sum + channel.sentFrameBytes, 0);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.socket.close();
    await this.peers?.close();
  }

  private async listen(address: PeerAddress, localAddress: string): Promise<void> {
    const { options } = this;
    this.peers = await PeerSockets.listen(localAddress, {
      ...options,
      address,
      received: (incoming, worker) => this.receive(incoming, worker),
      // In order, before all that follows; what had arrived without an acknowledgement is ignored there.
      instead: (unsent) => {
        for (const outgoing of unsent) this.coordinator.send(outgoing);
      },
    });
  }

  private channels(): readonly FrameChannel[] {
    return [this.coordinator, ...(this.peers?.channels() ?? [])];
  }

  /** The socket to the worker that hosts a party; the coordinator's where there is none. */
  private route(to: PartyId): FrameChannel {
    const host = this.hostOf.get(to);
    return (host !== undefined && this.peers?.channelTo(host)) || this.coordinator;
  }

  private flushSeals(): void {
    this.flushing = false;
    const queued = this.seals;
    this.seals = [];
    const byChannel = new Map<FrameChannel, { seal: Seal; to: PartyId[] }[]>();
    for (const { seal, to } of queued) {
      const lists = new Map<FrameChannel, PartyId[]>();
      for (const party of to) {
        const channel = this.route(party);
        const list = lists.get(channel);
        if (list) list.push(party);
        else lists.set(channel, [party]);
      }
      for (const [channel, parties] of lists) {
        const list = byChannel.get(channel);
        if (list) list.push({ seal, to: parties });
        else byChannel.set(channel, [{ seal, to: parties }]);
      }
    }
    for (const [channel, list] of byChannel)
      for (const message of sealsMessages(list)) channel.send({ type: 'packed', body: pack(message) });
  }

  /** `worker`: the peer that sent it; null: the coordinator, which passes on what any party sends. */
  private receive(incoming: Incoming, worker: string | null): void {
    if (incoming.type === 'frame') {
      const { from, to } = incoming.header;
      this.checkSender(from, worker);
      if (!this.office?.isLocal(to))
        throw new GradswarmError('ERR_PROTOCOL', `a frame for party ${to}, which is not hosted here`);
      this.office.receive(openFrame(incoming, this.layouts));
      return;
    }
    const message = readPacked(incoming.body, this.options, 'packed message');
    if (message.type !== 'seals') {
      if (worker !== null) throw new GradswarmError('ERR_PROTOCOL', `'${message.type}' is for the coordinator to send`);
      return this.options.onPacked(message);
    }
    for (const { to, ...seal } of message.seals) {
      this.checkSender(seal.from, worker);
      this.office?.receiveSeal(
        seal,
        to.filter((party) => this.office?.isLocal(party)),
      );
    }
  }

  private checkSender(from: PartyId, worker: string | null): void {
    if (worker !== null && this.hostOf.get(from) !== worker)
      throw new GradswarmError('ERR_PROTOCOL', `${worker} sent for party ${from}, which it does not host`);
  }
}

/** Over the Unix-domain socket where there is one; one that cannot be opened costs no more than its speed. */
async function openToCoordinator(options: LinkOptions): Promise<OpenedSocket & { readonly isLocal: boolean }> {
  const { coordinatorUrl, assign, trust, heartbeatMs, localLink, ownFrames, note } = options;
  const sockets = await processSockets();
  const query = `token=${assign.token}`;
  const openMs = Math.max(OPEN_MS, heartbeatMs);
  const port = new URL(coordinatorUrl);
  port.pathname = PATHS.frames;
  port.search = query;
  const openPort = () => sockets.openLink({ url: port.href, heartbeatMs, openMs, trust });
  if (localLink)
    try {
      const url = localSocketUrl(localLink, PATHS.frames, query);
      const opened = ownFrames
        ? await openWatched({ url, heartbeatMs: UNWATCHED_MS, openMs, trust }, openPort)
        : await sockets.openLink({ url, heartbeatMs, openMs, trust });
      return { ...opened, isLocal: true };
    } catch (error) {
      note(`${localLink}: ${(error as Error).message}; frames go over the port`);
    }
  return { ...(await openPort()), isLocal: false };
}

/** A link of this thread, and the one that has its signs of life: last, since the coordinator then takes both as one. */
async function openWatched(
  options: Parameters<Sockets['openLink']>[0],
  openSigns: () => Promise<OpenedSocket>,
): Promise<OpenedSocket> {
  const { ownSockets } = await import('../protocol/sockets/own-sockets.js');
  const frames = await ownSockets.openLink(options);
  try {
    const signs = await openSigns();
    return { ...signs, socket: new WatchedSocket(frames.socket, signs.socket) };
  } catch (error) {
    frames.socket.close(BROKEN);
    throw error;
  }
}

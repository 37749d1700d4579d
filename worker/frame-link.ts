import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { WebSocket, WebSocketServer } from 'ws';
import { GradswarmError } from '../protocol/errors.js';
import type { PartyId } from '../protocol/method.js';
import type { PostOffice, Remote } from '../protocol/party/post-office.js';
import { type Assign, checked, type Packed, packed, sealsMessage } from '../protocol/wire/control-messages.js';
import type { Frame } from '../protocol/wire/frame.js';
import { type ChannelOptions, FrameChannel, openFrame } from '../protocol/wire/frame-channel.js';
import type { KindLayout } from '../protocol/wire/layout.js';
import { LIMITS } from '../protocol/wire/limits.js';
import type { Seal } from '../protocol/wire/seal.js';

const packr = new Packr({ useRecords: false });
const PEERS_PATH = '/peers';

const SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: LIMITS.messageBytes,
  skipUTF8Validation: true,
} as const;

/** Listens for other workers from before the run is known; frames are heard once `FrameLink` takes over. */
export class PeerListener {
  private constructor(
    readonly http: Server,
    readonly port: number,
  ) {}

  static async open(): Promise<PeerListener> {
    const http = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve, reject) => http.once('error', reject).listen(0, resolve));
    return new PeerListener(http, (http.address() as AddressInfo).port);
  }

  close(): void {
    this.http.close();
    this.http.closeAllConnections();
  }
}

/** A websocket and the stream below it. */
interface Connection {
  readonly socket: WebSocket;
  readonly stream: Duplex;
}

interface LinkOptions extends Omit<ChannelOptions, 'crc32' | 'defer'> {
  readonly coordinatorUrl: string;
  readonly assign: Assign;
  readonly layouts: Iterable<KindLayout>;
  /** Worker-to-worker sockets are only opened for methods whose clients speak to clients. */
  readonly peers: boolean;
  /** Real milliseconds to keep a frame back; null: none is. */
  readonly hold: ((frame: Frame) => number) | null;
  /** An answer or request that came packed and is not a seal. */
  readonly onPacked: (message: Packed) => void;
  readonly onLost: (error: GradswarmError) => void;
}

/** A worker's way out: one socket to the coordinator and, where reachable, one to each other worker. */
export class FrameLink implements Remote {
  private office: PostOffice | null = null;
  private coordinator: FrameChannel | null = null;
  private coordinatorSocket: WebSocket | null = null;
  private readonly hostOf = new Map<PartyId, string>();
  private readonly peers = new Map<string, { readonly socket: WebSocket; readonly channel: FrameChannel }>();
  private readonly incoming: WebSocketServer | null;
  private readonly layouts: readonly KindLayout[];
  private seals: { readonly seal: Seal; readonly to: readonly PartyId[] }[] = [];
  private flushing = false;
  private closing = false;

  private constructor(
    private readonly options: LinkOptions,
    listener: PeerListener | null,
  ) {
    this.layouts = [...options.layouts].sort((a, b) => a.index - b.index);
    for (const { worker, clients } of options.assign.workers)
      for (const client of clients) this.hostOf.set(client, worker);
    this.incoming = listener && options.peers ? this.listen(listener) : null;
  }

  /** Connects to the coordinator and listens for peers. */
  static async open(options: LinkOptions, listener: PeerListener | null): Promise<FrameLink> {
    const link = new FrameLink(options, listener);
    const url = new URL(options.coordinatorUrl);
    url.pathname = '/frames';
    url.search = `token=${options.assign.token}`;
    const connection = await opened(url.href, 10_000);
    link.coordinatorSocket = connection.socket;
    link.coordinator = link.channelOver(connection, (error) => {
      if (!link.closing) options.onLost(error);
    });
    return link;
  }

  connect(office: PostOffice): void {
    this.office = office;
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
    const busy = [this.coordinator, ...[...this.peers.values()].map(({ channel }) => channel)].filter(
      (channel): channel is FrameChannel => channel !== null && !channel.idle,
    );
    return busy.length === 0 ? null : Promise.all(busy.map((channel) => channel.drained())).then(() => {});
  }

  notify(message: Packed): void {
    this.coordinator?.send({ type: 'packed', body: packr.pack(message) });
  }

  /** Bytes of websocket messages that carried this worker's frames, framing not included. */
  get sentFrameBytes(): number {
    let sum = this.coordinator?.sentFrameBytes ?? 0;
    for (const { channel } of this.peers.values()) sum += channel.sentFrameBytes;
    return sum;
  }

  close(): void {
    this.closing = true;
    this.coordinatorSocket?.close();
    for (const { socket } of this.peers.values()) socket.close();
    this.incoming?.close();
  }

  /** The socket to the worker that hosts a party; the coordinator's where there is none. */
  private route(to: PartyId): FrameChannel {
    const host = to === 'coordinator' ? undefined : this.hostOf.get(to);
    return (host !== undefined && this.peers.get(host)?.channel) || this.coordinator!;
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
    for (const [channel, list] of byChannel) channel.send({ type: 'packed', body: packr.pack(sealsMessage(list)) });
  }

  /** Opens a socket to every other worker once all listen. Those that cannot be reached are named; their frames go by the coordinator. */
  async connectPeers(): Promise<string[]> {
    if (!this.options.peers) return [];
    const { worker: self, peerKey, workers } = this.options.assign;
    const others = workers.filter(({ worker }) => worker !== self);
    const unreachable = await Promise.all(
      others.map(async ({ worker, peerUrl }) => {
        if (peerUrl === null) return [worker];
        try {
          const connection = await opened(`${peerUrl}${PEERS_PATH}?key=${peerKey}&worker=${self}`, 3000);
          const channel = this.channelOver(connection, () => this.peers.delete(worker));
          this.peers.set(worker, { socket: connection.socket, channel });
          return [];
        } catch {
          return [worker];
        }
      }),
    );
    return unreachable.flat();
  }

  private listen(listener: PeerListener): WebSocketServer {
    const server = new WebSocketServer({ noServer: true, ...SOCKET_OPTIONS });
    listener.http.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://worker');
      if (url.pathname !== PEERS_PATH || url.searchParams.get('key') !== this.options.assign.peerKey) {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, (websocket) =>
        this.channelOver({ socket: websocket, stream: socket }, () => {}),
      );
    });
    return server;
  }

  private channelOver({ socket, stream }: Connection, onLost: (error: GradswarmError) => void): FrameChannel {
    const channel = new FrameChannel(
      {
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
        send: (message, sent) => socket.send(message, sent),
        cork: () => stream.cork(),
        uncork: () => stream.uncork(),
      },
      { ...this.options, crc32: (bytes, previous) => crc32(bytes, previous), defer: setImmediate },
    );
    socket.on('message', (data: Buffer) => {
      try {
        this.receive(channel, data);
      } catch (error) {
        this.options.onLost(
          error instanceof GradswarmError ? error : new GradswarmError('ERR_PROTOCOL', String(error), { cause: error }),
        );
      }
    });
    socket.on('close', () => onLost(new GradswarmError('ERR_WORKER_LOST', 'the frame socket was closed')));
    socket.on('error', (error) => onLost(new GradswarmError('ERR_WORKER_LOST', error.message, { cause: error })));
    return channel;
  }

  private receive(channel: FrameChannel, data: Buffer): void {
    const incoming = channel.receive(data);
    if (!incoming) return;
    if (incoming.type === 'frame') {
      this.office?.receive(openFrame(incoming, this.layouts));
      return;
    }
    const message = checked(packed, packr.unpack(incoming.body), 'packed message');
    if (message.type !== 'seals') return this.options.onPacked(message);
    for (const { to, ...seal } of message.seals)
      this.office?.receiveSeal(
        seal,
        to.filter((party) => this.office?.isLocal(party)),
      );
  }
}

async function opened(url: string, timeoutMs: number): Promise<Connection> {
  const socket = new WebSocket(url, { ...SOCKET_OPTIONS, handshakeTimeout: timeoutMs });
  const upgraded = new Promise<Duplex>((resolve) => socket.once('upgrade', (response) => resolve(response.socket)));
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));
  return { socket, stream: await upgraded };
}

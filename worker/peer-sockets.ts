import { isIPv6, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { GradswarmError } from '../protocol/errors.js';
import { sameText } from '../protocol/sockets/admission.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import { channelOver, FRAME_SOCKET_OPTIONS, openConnection, socketError } from '../protocol/sockets/frame-socket.js';
import { PlainSocket } from '../protocol/sockets/plain-socket.js';
import { refuseUpgrade, SocketServer, type TlsKeys, type Upgrade } from '../protocol/sockets/socket-server.js';
import type { Assign, Introduction, Ready } from '../protocol/wire/control-messages.js';
import type { ChannelOptions, FrameChannel, Incoming } from '../protocol/wire/frame-channel.js';
import { BROKEN, type MessageSocket } from '../protocol/wire/message-socket.js';

const PEERS_PATH = '/peers';
const OPEN_MS = 3000;

/** Where a worker listens for other workers. */
export interface PeerAddress {
  /** Port; 0: any that is free. */
  readonly port: number;
  /** The address given to other workers, with a port where theirs differs; null: the one that the coordinator sees. */
  readonly advertise: { readonly host: string; readonly port: number | null } | null;
  /** Certificate and key of this worker; null: no TLS. */
  readonly tls: TlsKeys | null;
}

export interface PeerOptions extends Omit<ChannelOptions, 'crc32' | 'defer'> {
  readonly assign: Assign;
  readonly address: PeerAddress;
  readonly trust: TlsTrust;
  /** Something from a peer. What this throws ends the peer's connection, not the worker. */
  received(incoming: Incoming, worker: string): void;
  note(text: string): void;
}

/** Sockets between workers: each opens one to each other for what it sends, and takes theirs for what they send. */
export class PeerSockets {
  private readonly outgoing = new Map<string, { readonly socket: MessageSocket; readonly channel: FrameChannel }>();
  /** What opens a socket from each worker to this one. */
  private readonly keys = new Map<string, string>();
  private readonly upgrades = new WebSocketServer({ noServer: true, ...FRAME_SOCKET_OPTIONS });
  private introduced = false;
  /** Workers that were introduced before this one: their connections wait for the keys, no longer than any that is not admitted. */
  private waiting: readonly Upgrade[] = [];

  private constructor(
    private readonly server: SocketServer,
    private readonly options: PeerOptions,
  ) {
    server.route(PEERS_PATH, (upgrade) => this.accept(upgrade));
  }

  /** Listens on the interface that the coordinator is reached by: on loopback when it is. On all when another address is advertised. */
  static async listen(toCoordinator: Socket, options: PeerOptions): Promise<PeerSockets> {
    const { port, advertise, tls } = options.address;
    const host = advertise ? '::' : (toCoordinator.localAddress ?? '127.0.0.1');
    try {
      return new PeerSockets(await SocketServer.listen({ host, port, tls }), options);
    } catch (error) {
      throw new GradswarmError('ERR_USAGE', `--peer-port: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The address sent to the coordinator. */
  get advertised(): Ready['peer'] {
    const { advertise, tls } = this.options.address;
    const host = advertise && (isIPv6(advertise.host) ? `[${advertise.host}]` : advertise.host);
    return { host, port: advertise?.port ?? this.server.address.port, tls: tls !== null };
  }

  /** Opens a socket to each. Returns those that cannot be reached: their frames go by the coordinator. */
  async connect({ peers, keys }: Introduction): Promise<string[]> {
    const urls = new Map(peers.map(({ worker, url }) => [worker, url]));
    for (const { worker, incoming } of keys) this.keys.set(worker, incoming);
    this.introduced = true;
    for (const upgrade of this.waiting) if (!upgrade.socket.destroyed) this.accept(upgrade);
    this.waiting = [];
    const unreachable = await Promise.all(
      keys.map(async ({ worker, outgoing }) => {
        const url = urls.get(worker);
        try {
          if (url === undefined) return [worker];
          const query = new URLSearchParams({ key: outgoing, worker: this.options.assign.worker });
          const { socket, stream } = await openConnection(`${url}${PEERS_PATH}?${query}`, OPEN_MS, this.options.trust);
          this.keep(worker, new PlainSocket(socket, stream));
          return [];
        } catch {
          return [worker];
        }
      }),
    );
    return unreachable.flat();
  }

  /** The way to a worker; undefined: none but the coordinator. */
  channelTo(worker: string): FrameChannel | undefined {
    return this.outgoing.get(worker)?.channel;
  }

  channels(): readonly FrameChannel[] {
    return [...this.outgoing.values()].map(({ channel }) => channel);
  }

  async close(): Promise<void> {
    for (const { socket } of this.outgoing.values()) socket.close();
    this.upgrades.close();
    await this.server.close();
  }

  private keep(worker: string, socket: MessageSocket): void {
    this.outgoing.set(worker, { socket, channel: channelOver(socket, this.options) });
    socket.on('close', () => this.outgoing.delete(worker));
    // A socket that another worker accepted carries no frames back.
    socket.on('message', () => socket.close(BROKEN));
  }

  private accept(upgrade: Upgrade): void {
    if (!this.introduced) {
      // Connections that were closed meanwhile are let go, so no more wait than may be open.
      this.waiting = [...this.waiting.filter(({ socket }) => !socket.destroyed), upgrade];
      return;
    }
    const { url, request, socket, head } = upgrade;
    const from = url.searchParams.get('worker') ?? '';
    const key = this.keys.get(from);
    if (key === undefined || !sameText(url.searchParams.get('key') ?? '', key))
      return refuseUpgrade(socket, '403 Forbidden');
    this.upgrades.handleUpgrade(request, socket, head, (websocket) => {
      this.server.admit(request);
      const incoming = new PlainSocket(websocket, socket);
      const channel = channelOver(incoming, this.options);
      incoming.on('message', (message) => {
        try {
          const received = channel.receive(message);
          if (received) this.options.received(received, from);
        } catch (error) {
          this.options.note(`connection of ${from} closed: ${socketError(error).message}`);
          incoming.close(BROKEN);
        }
      });
    });
  }
}

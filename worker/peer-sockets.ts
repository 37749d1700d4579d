import { isIPv6 } from 'node:net';
import { GradswarmError } from '../protocol/errors.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import { channelOver, socketError } from '../protocol/sockets/frame-socket.js';
import { PATHS } from '../protocol/sockets/paths.js';
import { processSockets } from '../protocol/sockets/process-sockets.js';
import type { TlsKeys } from '../protocol/sockets/socket-server.js';
import type { Acceptor, Listener } from '../protocol/sockets/sockets.js';
import type { Assign, Introduction, Ready } from '../protocol/wire/control-messages.js';
import type { ChannelOptions, FrameChannel, Outgoing } from '../protocol/wire/frame-channel.js';
import type { Incoming } from '../protocol/wire/frame-receiver.js';
import { BREACH, BROKEN, type MessageSocket } from '../protocol/wire/message-socket.js';

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
  readonly heartbeatMs: number;
  readonly peerDownMs: number;
  /** Takes what a peer has not acknowledged: it takes another route, and so does all that follows until the epoch ends. */
  instead(unsent: readonly Outgoing[]): void;
  note(text: string): void;
}

/** Links between workers: each opens one to each other for what it sends, and takes theirs for what they send. */
export class PeerSockets {
  private readonly outgoing = new Map<string, { readonly socket: MessageSocket; readonly channel: FrameChannel }>();
  private readonly acceptor: Acceptor;
  private closing = false;

  private constructor(
    private readonly listener: Listener,
    private readonly options: PeerOptions,
  ) {
    // Workers that were introduced before this one may connect before it knows their keys.
    this.acceptor = listener.accept(
      { path: PATHS.peers, parameters: ['worker', 'key'], heartbeatMs: options.heartbeatMs, early: 'wait' },
      (from, socket) => this.take(from, socket),
    );
  }

  /** Listens on the interface that the coordinator is reached by: on loopback when it is. On all when another address is advertised. */
  static async listen(localAddress: string, options: PeerOptions): Promise<PeerSockets> {
    const { port, advertise, tls } = options.address;
    const host = advertise ? '::' : localAddress;
    try {
      return new PeerSockets(await (await processSockets()).listen({ host, port, tls }), options);
    } catch (error) {
      throw new GradswarmError('ERR_USAGE', `--peer-port: ${(error as Error).message}`, { cause: error });
    }
  }

  /** The address sent to the coordinator. */
  get advertised(): Ready['peer'] {
    const { advertise, tls } = this.options.address;
    const host = advertise && (isIPv6(advertise.host) ? `[${advertise.host}]` : advertise.host);
    return { host, port: advertise?.port ?? this.listener.address.port, tls: tls !== null };
  }

  /** Opens a socket to each. Returns those that cannot be reached: their frames go by the coordinator. */
  async connect({ peers, keys }: Introduction): Promise<string[]> {
    const known = new Map(peers.map((peer) => [peer.worker, peer]));
    this.acceptor.admit(new Map(keys.map(({ worker, incoming }) => [`${worker}\n${incoming}`, worker])));
    const unreachable = await Promise.all(
      keys.map(async ({ worker, outgoing }) => {
        const peer = known.get(worker);
        try {
          if (!peer) return [worker];
          const query = new URLSearchParams({ key: outgoing, worker: this.options.assign.worker });
          const socket = await this.open(`${peer.url}${PATHS.peers}?${query}`, peer.links === true);
          if (this.closing) socket.close();
          else this.keep(worker, socket);
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
    this.closing = true;
    for (const { socket } of this.outgoing.values()) socket.close();
    this.acceptor.close();
    await this.listener.close();
  }

  private async open(url: string, links: boolean): Promise<MessageSocket> {
    const { trust, heartbeatMs } = this.options;
    const sockets = await processSockets();
    const opened = links
      ? sockets.openLink({ url, heartbeatMs, openMs: OPEN_MS, trust })
      : sockets.openPlain(url, OPEN_MS, trust);
    return (await opened).socket;
  }

  private keep(worker: string, socket: MessageSocket): void {
    const { peerDownMs } = this.options;
    const channel = channelOver(socket, this.options);
    this.outgoing.set(worker, { socket, channel });
    let timer: NodeJS.Timeout | null = null;
    const abandon = (why: string): void => {
      if (timer) clearTimeout(timer);
      if (!this.outgoing.delete(worker) || this.closing) return;
      this.options.note(`${worker} ${why}: frames to it go through the coordinator until the epoch ends`);
      this.options.instead(channel.takeUnsent());
      socket.close(BROKEN);
    };
    socket.on('down', () => {
      timer = setTimeout(() => abandon(`was unreachable for workers.peerDownMs = ${peerDownMs} ms`), peerDownMs);
    });
    socket.on('up', () => {
      if (timer) clearTimeout(timer);
    });
    socket.on('close', (_code, reason) => abandon(`closed its socket (${reason})`));
    // A socket that another worker accepted carries no frames back.
    socket.on('message', () => socket.close(BROKEN));
  }

  private take(from: string, socket: MessageSocket): void {
    const channel = channelOver(socket, this.options);
    socket.on('message', (message) => {
      try {
        const received = channel.receive(message);
        if (received) this.options.received(received, from);
      } catch (error) {
        this.options.note(`connection of ${from} closed: ${socketError(error).message}`);
        socket.close(BREACH);
      }
    });
  }
}

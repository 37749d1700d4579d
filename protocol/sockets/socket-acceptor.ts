import type { MessageSocket } from '../wire/message-socket.js';
import { readHave } from '../wire/numbered-link.js';
import { sameText } from './admission.js';
import { type Connection, FRAME_SOCKET_OPTIONS } from './connection.js';
import { gatherMessages } from './gathered-messages.js';
import { LinkSocket } from './link-socket.js';
import { PlainSocket } from './plain-socket.js';
import { WebSocketServer } from './required-ws.js';
import { refuseUpgrade, type SocketServer, type Upgrade } from './socket-server.js';
import type { Acceptance, Accepted, Acceptor } from './sockets.js';
import { acceptReading } from './steady-reading.js';

/** How requests to become a websocket are answered. */
export interface Answering {
  refuse(upgrade: Upgrade, status: string): void;
  accept(upgrade: Upgrade, opened: (connection: Connection) => void): void;
  close(): void;
}

function overHttp(server: SocketServer): Answering {
  const upgrades = new WebSocketServer({ noServer: true, ...FRAME_SOCKET_OPTIONS });
  return {
    refuse: ({ socket }, status) => refuseUpgrade(socket, status),
    accept: ({ request, socket, head }, opened) => {
      const stream = acceptReading(socket);
      upgrades.handleUpgrade(request, stream, head, (websocket) => {
        server.admit(request);
        opened({ socket: websocket, stream });
      });
    },
    close: () => upgrades.close(),
  };
}

/** Takes message sockets at one path, one for each key: plain ones, and numbered links, which later connections continue. */
export class SocketAcceptor implements Acceptor {
  private readonly sockets = new Map<string, PlainSocket | LinkSocket>();
  /** Links over a Unix-domain socket: what each end leaves out there no connection of another kind may continue. */
  private readonly local = new WeakSet<MessageSocket>();
  /** Null: none were given yet. */
  private keys: ReadonlyMap<string, string> | null = null;
  private waiting: readonly Upgrade[] = [];

  constructor(
    server: SocketServer,
    private readonly acceptance: Acceptance,
    private readonly accepted: Accepted,
    private readonly answering: Answering = overHttp(server),
  ) {
    server.route(acceptance.path, (upgrade) => {
      // Connections that were closed meanwhile are let go, so no more wait than may be open.
      if (this.keys || acceptance.early === 'refused') this.upgrade(upgrade);
      else this.waiting = [...this.waiting.filter(({ socket }) => !socket.destroyed), upgrade];
    });
  }

  admit(keys: ReadonlyMap<string, string>): void {
    this.keys = keys;
    for (const upgrade of this.waiting) if (!upgrade.socket.destroyed) this.upgrade(upgrade);
    this.waiting = [];
  }

  close(): void {
    this.answering.close();
    // A link whose connection is broken would wait for another without end.
    for (const socket of [...this.sockets.values()]) socket.close();
  }

  private upgrade(upgrade: Upgrade): void {
    const { url } = upgrade;
    const key = this.nameOf(url.searchParams);
    const numbered = url.searchParams.has('have');
    const open = key === null ? undefined : this.sockets.get(key);
    if (key === null || (open && !(numbered && open instanceof LinkSocket && this.local.has(open) === upgrade.isLocal)))
      return this.answering.refuse(upgrade, '403 Forbidden');
    if (!numbered) return this.open(upgrade, key, null);
    const have = readHave(url.searchParams);
    const link = open as LinkSocket | undefined;
    // 409: such as a request that was held up while a later one was served.
    if (have === null || !(link ? link.canResume(have) : have === 0)) this.answering.refuse(upgrade, '409 Conflict');
    else this.open(upgrade, key, have);
  }

  private nameOf(query: URLSearchParams): string | null {
    const given = this.acceptance.parameters.map((name) => query.get(name) ?? '').join('\n');
    return [...(this.keys ?? [])].find(([key]) => sameText(given, key))?.[1] ?? null;
  }

  private open(upgrade: Upgrade, key: string, have: number | null): void {
    const { isLocal } = upgrade;
    this.answering.accept(upgrade, (connection) => {
      if (have === null) return this.keep(key, new PlainSocket(connection.socket, connection.stream), isLocal);
      const link =
        (this.sockets.get(key) as LinkSocket | undefined) ??
        this.keep(key, new LinkSocket(this.acceptance.heartbeatMs), isLocal);
      gatherMessages(connection.stream, link.memory);
      link.attach(connection, have);
    });
  }

  private keep<S extends PlainSocket | LinkSocket>(key: string, socket: S, isLocal: boolean): S {
    this.sockets.set(key, socket);
    if (isLocal) this.local.add(socket);
    socket.on('close', () => this.sockets.delete(key));
    this.accepted(key, socket, socket instanceof LinkSocket, isLocal);
    return socket;
  }
}

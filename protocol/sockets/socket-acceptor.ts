import { WebSocketServer } from 'ws';
import type { MessageSocket } from '../wire/message-socket.js';
import { readHave } from '../wire/numbered-link.js';
import { FRAME_SOCKET_OPTIONS } from './frame-socket.js';
import { LinkSocket } from './link-socket.js';
import { PlainSocket } from './plain-socket.js';
import { refuseUpgrade, type SocketServer, type Upgrade } from './socket-server.js';

export interface AcceptorEvents {
  /** The member whose socket a request with this query opens; null: no member's. */
  admit(query: URLSearchParams): string | null;
  /** Before anything is received. `numbered`: it survives its connections. */
  opened(key: string, socket: MessageSocket, numbered: boolean): void;
}

/** Takes message sockets at one path, one for each key: plain ones, and numbered links, whose later connections go on with them. */
export class SocketAcceptor {
  private readonly upgrades = new WebSocketServer({ noServer: true, ...FRAME_SOCKET_OPTIONS });
  private readonly sockets = new Map<string, PlainSocket | LinkSocket>();

  constructor(
    private readonly server: SocketServer,
    path: string,
    private readonly heartbeatMs: number,
    private readonly events: AcceptorEvents,
  ) {
    server.route(path, (upgrade) => this.upgrade(upgrade));
  }

  close(): void {
    this.upgrades.close();
  }

  /** Handles a request that arrived too early as if it arrived now. */
  upgrade(upgrade: Upgrade): void {
    const { socket, url } = upgrade;
    const key = this.events.admit(url.searchParams);
    const numbered = url.searchParams.has('have');
    const open = key === null ? undefined : this.sockets.get(key);
    if (key === null || (open && !(numbered && open instanceof LinkSocket)))
      return refuseUpgrade(socket, '403 Forbidden');
    if (!numbered) return this.open(upgrade, key, null);
    const have = readHave(url.searchParams);
    const link = open as LinkSocket | undefined;
    // 409: such as a request that was held up while a later one was served.
    if (have === null || !(link ? link.canResume(have) : have === 0)) refuseUpgrade(socket, '409 Conflict');
    else this.open(upgrade, key, have);
  }

  private open({ request, socket, head }: Upgrade, key: string, have: number | null): void {
    this.upgrades.handleUpgrade(request, socket, head, (websocket) => {
      this.server.admit(request);
      if (have === null) return this.keep(key, new PlainSocket(websocket, socket));
      const link =
        (this.sockets.get(key) as LinkSocket | undefined) ?? this.keep(key, new LinkSocket(this.heartbeatMs));
      link.attach({ socket: websocket, stream: socket }, have);
    });
  }

  private keep<S extends PlainSocket | LinkSocket>(key: string, socket: S): S {
    this.sockets.set(key, socket);
    socket.on('close', () => this.sockets.delete(key));
    this.events.opened(key, socket, socket instanceof LinkSocket);
    return socket;
  }
}

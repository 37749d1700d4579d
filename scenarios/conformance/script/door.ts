import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { Engine } from './engine.js';
import { FrameSocket } from './frame-socket.js';
import { Inbox } from './inbox.js';
import { drawn } from './proof.js';

/** A request as it came. */
export interface Knock {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly upgrade: boolean;
}

/** A control connection and the request that opened it. */
export interface Visit {
  readonly knock: Knock;
  readonly control: Engine;
}

/** The port of a coordinator, which refuses only what a case sets. */
export class Door {
  readonly knocks = new Inbox<Knock>();
  readonly visits = new Inbox<Visit>();
  readonly frames = new Inbox<{ readonly knock: Knock; readonly socket: FrameSocket }>();
  /** Frame sockets of the worker to the peer that the kit plays. */
  readonly peers = new Inbox<{ readonly knock: Knock; readonly socket: FrameSocket }>();
  readonly challenges: string[] = [];
  /** Status that the next control connections are refused with; null: none is. */
  refuse: number | null = null;
  private readonly sockets = new Set<Socket>();
  /** Status that the next frame connections are refused with; null: none is. */
  refuseFrames: number | null = null;
  /** The next links send no counts by themselves. */
  silentLinks = false;
  /** The connection of each numbered link, by its token. */
  private readonly links = new Map<string, FrameSocket>();
  // On a numbered link counts get no pong.
  private readonly upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 1 << 30,
    autoPong: false,
  });

  private constructor(private readonly http: Server) {
    http.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}).once('close', () => this.sockets.delete(socket));
    });
    http.on('request', (request, response) => {
      const knock = knockOf(request, false);
      this.knocks.put(knock);
      const found = knock.path === '/challenge' || knock.path === '/health';
      const text = knock.path === '/challenge' ? this.challenge() : 'alive\n';
      response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain', connection: 'close' });
      response.end(found ? text : '');
    });
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const knock = knockOf(request, true);
      this.knocks.put(knock);
      const control = knock.path === '/socket.io/';
      const frames = knock.path === '/frames';
      const status = control ? this.refuse : frames ? this.refuseFrames : knock.path === '/peers' ? null : 404;
      if (status !== null) {
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      this.upgrades.handleUpgrade(request, socket, head, (websocket) => {
        if (control) this.visits.put({ knock, control: new Engine(websocket) });
        else (frames ? this.frames : this.peers).put({ knock, socket: this.frameSocket(knock, websocket) });
      });
    });
  }

  static async open(): Promise<Door> {
    const http = createServer();
    const door = new Door(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return door;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** A connection of a link continues where the one before it was. */
  private frameSocket({ query }: Knock, websocket: WebSocket): FrameSocket {
    if (!query.has('have')) return new FrameSocket(websocket);
    const key = query.get('token') ?? query.get('key') ?? '';
    const socket = new FrameSocket(websocket, this.links.get(key)?.count ?? 0, this.silentLinks);
    this.links.set(key, socket);
    return socket;
  }

  private challenge(): string {
    const challenge = drawn();
    this.challenges.push(challenge);
    return `${challenge}\n`;
  }
}

function knockOf({ method = '', url = '', headers }: IncomingMessage, upgrade: boolean): Knock {
  const target = URL.canParse(url, 'http://here') ? new URL(url, 'http://here') : new URL('http://here/');
  return { method, path: target.pathname, query: target.searchParams, headers, upgrade };
}

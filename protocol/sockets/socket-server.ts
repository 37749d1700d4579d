import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { LIMITS } from '../wire/limits.js';
import { Admission, type Proven } from './admission.js';
import { type LocalPlace, localPlace, removeLeftPlaces } from './local-place.js';
import { PATHS } from './paths.js';

/** A request to become a websocket, its target parsed. */
export interface Upgrade {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  /** It came over the Unix-domain socket. */
  readonly isLocal: boolean;
}

/** Certificate chain and private key, PEM. */
export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

export interface ServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Null: no TLS. */
  readonly tls?: TlsKeys | null;
  /** Web pages of these origins may connect; of no other. */
  readonly origins?: readonly string[];
  /** What joining processes must prove; null: none may join. */
  readonly token?: string | null;
  /**
   * Frame sockets may come over a Unix-domain socket as well, where the system has one: `served` with the port, or at a path that is
   * `reserved` for another thread of this process. Left out: over the port alone.
   */
  readonly local?: 'served' | 'reserved';
}

const HTTP_LIMITS = {
  headersTimeout: LIMITS.handshakeMs,
  requestTimeout: LIMITS.handshakeMs,
  maxHeaderSize: LIMITS.headBytes,
};

/**
 * A listening port whose connections can do nothing but be answered, refused or closed. Every connection has its error handler
 * before a byte is read, is closed unless it is admitted in time, and is closed with the server, upgraded or not.
 */
export class SocketServer {
  /** With its address, which a closed socket has no more, and the time that it may still take; null: it is admitted. */
  private readonly connections = new Map<Socket, { readonly address: string; timer: NodeJS.Timeout | null }>();
  /** Connections that are not admitted yet, by address. */
  private readonly unadmitted = new Map<string, number>();
  private readonly routes = new Map<string, (upgrade: Upgrade) => void>();
  private readonly answers = new Map<string, (response: ServerResponse, proven: Proven) => void>();
  private readonly admission: Admission | null;
  private readonly http: Server;
  /** `http` null: another thread listens there. */
  private local: { readonly place: LocalPlace; readonly http: Server | null } | null = null;

  private constructor(private readonly options: ServerOptions) {
    this.admission = options.token ? new Admission(options.token) : null;
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.answer(request, response);
    this.http = options.tls
      ? createSecureServer({ ...HTTP_LIMITS, ...options.tls, handshakeTimeout: LIMITS.handshakeMs }, answer)
      : createServer(HTTP_LIMITS, answer);
    this.serve(this.http, false);
    // Over TLS a second socket lies on the first: its errors are its own.
    this.http.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  }

  private serve(http: Server, isLocal: boolean): void {
    http.on('connection', (socket: Socket) => this.track(socket));
    http.on('clientError', (_error, socket) => socket.destroy());
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.upgrade(request, socket, head, isLocal),
    );
  }

  /** Rejects with the system's error when the address cannot be listened at. Host '::': every interface, of either family. */
  static async listen(options: ServerOptions): Promise<SocketServer> {
    try {
      return await new SocketServer(options).listening();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (options.host !== '::' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
      return new SocketServer({ ...options, host: '0.0.0.0' }).listening();
    }
  }

  /** Frame sockets alone, at a path that was reserved; there is no port. Null: nothing can listen there. */
  static async listenAt(path: string): Promise<SocketServer | null> {
    const server = new SocketServer({ host: '', port: 0 });
    await server.listenLocally({ path, remove: () => {} });
    return server.local && server;
  }

  /** Of the Unix-domain socket; null: there is none. */
  get localPath(): string | null {
    return this.local?.place.path ?? null;
  }

  get address(): AddressInfo {
    return this.http.address() as AddressInfo;
  }

  /** Upgrades to exactly this path go to `accept`; what it throws closes the connection. */
  route(path: string, accept: (upgrade: Upgrade) => void): void {
    this.routes.set(path, accept);
  }

  /** As `route`, for holders of the token; others are refused. */
  routeProven(path: string, accept: (upgrade: Upgrade, proven: Proven) => void): void {
    this.route(path, (upgrade) => {
      const proven = this.admission?.admits(upgrade.url.searchParams);
      if (proven) accept(upgrade, proven);
      else refuseUpgrade(upgrade.socket, '403 Forbidden');
    });
  }

  /** GET of exactly this path is answered by `answer` for those who know the token; others are refused with 403. */
  answerProven(path: string, answer: (response: ServerResponse, proven: Proven) => void): void {
    this.answers.set(path, answer);
  }

  /** The other end of this request has shown who it is: its connection may stay. */
  admit({ socket }: IncomingMessage): void {
    // Of a TLS socket the connection that lies below it.
    const below = (socket as { readonly _parent?: Socket })._parent;
    for (const each of [socket, ...(below ? [below] : [])]) this.settle(each);
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    const servers = [this.http, ...(this.local?.http ? [this.local.http] : [])];
    const closed = servers.map((http) => new Promise<void>((resolve) => http.close(() => resolve())));
    for (const socket of this.connections.keys()) socket.destroy();
    await Promise.all(closed);
    this.local?.place.remove();
  }

  private async listening(): Promise<this> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, host, () => {
        this.http.off('error', reject);
        // Such as too many open files: the next connection may be accepted again.
        this.http.on('error', () => {});
        resolve();
      });
    });
    const place = this.options.local ? localPlace() : null;
    if (!place) return this;
    // Beside the run: there may be many.
    void removeLeftPlaces();
    if (this.options.local === 'reserved') this.local = { place, http: null };
    else await this.listenLocally(place);
    return this;
  }

  /** Where it cannot, the port serves alone. */
  private async listenLocally(place: LocalPlace): Promise<void> {
    // Nothing but frame sockets: every other request is answered with 404.
    const http = createServer(HTTP_LIMITS, (_request, response) => {
      response.writeHead(404, { connection: 'close' }).end();
    });
    this.serve(http, true);
    const isListening = await new Promise<boolean>((resolve) => {
      http.once('error', () => resolve(false));
      http.listen(place.path, () => resolve(true));
    });
    if (!isListening) return place.remove();
    http.on('error', () => {});
    this.local = { place, http };
  }

  private track(socket: Socket): void {
    socket.on('error', () => {});
    const all = [...this.unadmitted.values()].reduce((a, b) => a + b, 0);
    const address = socket.remoteAddress ?? '';
    const own = this.unadmitted.get(address) ?? 0;
    if (all >= LIMITS.unadmitted || own >= LIMITS.unadmittedPerAddress) {
      socket.destroy();
      return;
    }
    this.countUnadmitted(address, 1);
    this.connections.set(socket, { address, timer: setTimeout(() => socket.destroy(), LIMITS.handshakeMs).unref() });
    socket.once('close', () => {
      this.settle(socket);
      this.connections.delete(socket);
    });
  }

  private settle(socket: Socket): void {
    const connection = this.connections.get(socket);
    if (!connection?.timer) return;
    clearTimeout(connection.timer);
    connection.timer = null;
    this.countUnadmitted(connection.address, -1);
  }

  private countUnadmitted(address: string, change: 1 | -1): void {
    const count = (this.unadmitted.get(address) ?? 0) + change;
    if (count > 0) this.unadmitted.set(address, count);
    else this.unadmitted.delete(address);
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer, isLocal: boolean): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.options.origins?.includes(origin)) return refuseUpgrade(socket, '403 Forbidden');
    const target = request.url ?? '';
    const url = URL.canParse(target, 'http://here') ? new URL(target, 'http://here') : null;
    const accept = url && (!isLocal || url.pathname === PATHS.frames) && this.routes.get(url.pathname);
    if (!accept) return refuseUpgrade(socket, '404 Not Found');
    try {
      accept({ url, request, socket, head, isLocal });
    } catch {
      socket.destroy();
    }
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url, headers } = request;
    const target = URL.canParse(url ?? '', 'http://here') ? new URL(url!, 'http://here') : null;
    const answer = target && method === 'GET' && headers.origin === undefined && this.answers.get(target.pathname);
    if (answer) {
      const proven = this.admission?.admits(target.searchParams);
      if (proven) {
        this.admit(request);
        answer(response, proven);
      } else response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    const text = method !== 'GET' || headers.origin !== undefined ? undefined : this.textOf(url);
    response.writeHead(text === undefined ? 404 : 200, { connection: 'close', 'content-type': 'text/plain' });
    response.end(text ?? '');
  }

  /** The only answer given without a token. */
  private textOf(url: string | undefined): string | undefined {
    if (url === PATHS.health) return 'alive\n';
    if (url === PATHS.challenge) return this.admission?.challenge();
    return undefined;
  }
}

/** Answers an upgrade with an error and closes the connection, whatever the other end does with its half. */
export function refuseUpgrade(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

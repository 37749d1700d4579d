import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { LIMITS } from '../wire/limits.js';

/** A request to become a websocket, its target parsed. */
export interface Upgrade {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
}

/**
 * A listening port whose connections can do nothing but be answered, refused or closed. Every connection has its error handler
 * before a byte is read, is closed unless it is admitted in time, and is closed with the server, upgraded or not.
 */
export class SocketServer {
  private readonly connections = new Map<Socket, NodeJS.Timeout>();
  private readonly routes = new Map<string, (upgrade: Upgrade) => void>();

  private constructor(private readonly http: Server) {
    http.on('connection', (socket: Socket) => this.track(socket));
    http.on('clientError', (_error, socket) => socket.destroy());
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => this.upgrade(request, socket, head));
  }

  /** Rejects with the system's error when the address cannot be listened at. Port 0: any that is free. */
  static async listen(host: string, port: number): Promise<SocketServer> {
    const http = createServer(
      { headersTimeout: LIMITS.handshakeMs, requestTimeout: LIMITS.handshakeMs, maxHeaderSize: LIMITS.headerBytes },
      answer,
    );
    const server = new SocketServer(http);
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(port, host, () => {
        http.off('error', reject);
        // Such as too many open files: the next connection may be accepted again.
        http.on('error', () => {});
        resolve();
      });
    });
    return server;
  }

  get address(): AddressInfo {
    return this.http.address() as AddressInfo;
  }

  /** Upgrades to exactly this path go to `accept`; what it throws closes the connection. */
  route(path: string, accept: (upgrade: Upgrade) => void): void {
    this.routes.set(path, accept);
  }

  /** The other end has shown who it is: the connection may stay. */
  admit(socket: Socket): void {
    clearTimeout(this.connections.get(socket));
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    for (const socket of this.connections.keys()) socket.destroy();
    await closed;
  }

  private track(socket: Socket): void {
    socket.on('error', () => {});
    const timer = setTimeout(() => socket.destroy(), LIMITS.handshakeMs).unref();
    this.connections.set(socket, timer);
    socket.once('close', () => {
      clearTimeout(timer);
      this.connections.delete(socket);
    });
  }

  private upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const target = request.url ?? '';
    const url = URL.canParse(target, 'http://here') ? new URL(target, 'http://here') : null;
    const accept = url && this.routes.get(url.pathname);
    if (!accept) return refuseUpgrade(socket, '404 Not Found');
    try {
      accept({ url, request, socket, head });
    } catch {
      socket.destroy();
    }
  }
}

/** Answers an upgrade with an error and closes the connection, whatever the other end does with its half. */
export function refuseUpgrade(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const alive = request.method === 'GET' && request.url === '/health';
  response.writeHead(alive ? 200 : 404, { connection: 'close', 'content-type': 'text/plain' });
  response.end(alive ? 'alive\n' : '');
}

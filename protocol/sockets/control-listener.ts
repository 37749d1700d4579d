import { createServer, type IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { LIMITS } from '../wire/limits.js';
import { pack } from '../wire/packing.js';
import type { Proven } from './admission.js';
import { type ControlSocket, IoSocket } from './control-socket.js';
import { ControlWebSocket } from './control-websocket.js';
import { PATHS } from './paths.js';
import { type WebSocket, WebSocketServer } from './required-ws.js';
import type { SocketServer } from './socket-server.js';

/** The socket.io room of observers, which are sent the progress of the run. */
const OBSERVERS = 'observers';

export interface ControlListening {
  readonly heartbeatMs: number;
  /** Largest message of a worker. */
  readonly maxBytes: number;
}

class ControlSocketServer extends WebSocketServer {
  constructor(options: object) {
    super({ ...options, maxFragments: LIMITS.messageFragments, WebSocket: ControlWebSocket });
  }
}

/** A worker has shown that it knows the token, and has sent nothing yet. */
export type ControlConnected = (socket: ControlSocket, proven: Proven) => void;

/** Where workers and observers connect. */
export interface ControlListener {
  /** To all observers; a message that one cannot take at once is not kept for it. */
  publish(event: string, data: Uint8Array): void;
  /** Every observer that comes is sent this after its welcome. */
  keepFor(event: string, data: Uint8Array): void;
  close(): Promise<void>;
}

/** socket.io over the upgrades of a server. */
export class IoListener implements ControlListener {
  private readonly io: Server;
  private readonly lasting = new Map<string, Uint8Array>();
  /** What each connection has shown before it was taken in. */
  private readonly proven = new WeakMap<IncomingMessage, Proven>();

  constructor(
    private readonly server: SocketServer,
    { heartbeatMs, maxBytes }: ControlListening,
    connected: ControlConnected,
  ) {
    // Never listens: socket.io gets the upgrades that it is handed, and closing it waits for no other connections.
    const handed = createServer();
    this.io = new Server(handed, {
      serveClient: false,
      transports: ['websocket'],
      perMessageDeflate: false,
      pingInterval: Math.max(25, Math.round(heartbeatMs / 4)),
      // Silence is judged by the seats, which know when it was this process that did not listen.
      pingTimeout: 4 * Math.max(25, heartbeatMs),
      maxHttpBufferSize: maxBytes,
      wsEngine: ControlSocketServer,
    });
    server.routeProven(PATHS.control, ({ request, socket, head }, proven) => {
      this.proven.set(request, proven);
      handed.emit('upgrade', request, socket, head);
    });
    this.io.on('connection', (socket) => {
      const proven = this.proven.get(socket.request);
      if (proven?.role === 'worker')
        connected(
          new IoSocket(
            socket,
            addressOf(socket),
            (socket.conn.transport as unknown as { readonly socket: WebSocket }).socket,
            (seen) => socket.conn.on('heartbeat', seen),
            () => server.admit(socket.request),
          ),
          proven,
        );
      else if (proven?.role === 'observer') this.observe(socket, proven);
      else socket.disconnect(true);
    });
  }

  publish(event: string, data: Uint8Array): void {
    this.io.to(OBSERVERS).volatile.emit(event, data);
  }

  keepFor(event: string, data: Uint8Array): void {
    this.lasting.set(event, data);
  }

  async close(): Promise<void> {
    await this.io.close();
  }

  private observe(socket: Socket, proven: Proven): void {
    this.server.admit(socket.request);
    void socket.join(OBSERVERS);
    socket.emit('welcome', pack({ proof: proven.answer }));
    for (const [event, data] of this.lasting) socket.emit(event, data);
  }
}

function addressOf({ handshake }: Socket): string {
  const address = handshake.address.replace(/^::ffff:/, '');
  return address.includes(':') ? `[${address}]` : address;
}

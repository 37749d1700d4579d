import {
  connect,
  type NetConnectOpts,
  type OnReadOpts,
  Socket,
  type SocketConstructorOpts,
  type TcpNetConnectOpts,
} from 'node:net';
import { TLSSocket } from 'node:tls';
import { gathererOf } from './gathered-messages.js';

/** What one read takes at most: reads cost more than bytes. */
const READ_BYTES = 256 << 10;

/** The same after a large message. */
const HEAD_BYTES = 16 << 10;

/** What Node has below a socket: it reads and writes, and reports to the socket. */
interface Handled {
  _handle: object | null;
}

/** A connection that is opened to read into the same memory again and again: fresh memory for each read costs more than the read. */
export function connectReading(options: object): Socket {
  // `path` is that of the request: to a connection it would be that of a file, which here has another name.
  const { socketPath } = options as { readonly socketPath?: string };
  return reading((onread) =>
    connect({ ...(options as TcpNetConnectOpts), path: socketPath, onread } as NetConnectOpts),
  );
}

/**
 * The same for a connection that a server has accepted: a socket in its place, from now on the only one to be used. Node lets only
 * those who open a connection choose how it reads, so its handle changes hands. Over TLS, and where there is no handle, the connection stays
 * as it is.
 */
export function acceptReading(accepted: Socket): Socket {
  const handle = accepted instanceof TLSSocket ? null : (accepted as unknown as Handled)._handle;
  if (!handle) return accepted;
  const socket = reading((onread) => new Socket({ handle, onread, allowHalfOpen: true } as SocketConstructorOpts));
  (accepted as unknown as Handled)._handle = null;
  // Each ends with the other: servers close what they have accepted.
  socket.on('error', () => {});
  socket.once('close', () => accepted.destroy());
  accepted.once('close', () => socket.destroy());
  return socket;
}

function reading(open: (onread: OnReadOpts) => Socket): Socket {
  const memory = Buffer.allocUnsafeSlow(READ_BYTES);
  /** Of a message, whose bytes are read to where they stay; null: `memory` is read into. */
  let room: Uint8Array | null = null;
  /** Null: it is being opened, and asks for memory already. */
  let socket: Socket | null = null;
  const gatherer = () => socket && gathererOf(socket);
  socket = open({
    buffer: () => {
      const before = room;
      room = gatherer()?.room() ?? null;
      if (room) return room;
      // Large messages come in a row: of the next one little more than its head is read to where it does not stay.
      return before ? memory.subarray(0, HEAD_BYTES) : memory;
    },
    callback: (bytes, buffer) => {
      if (room) gatherer()?.fillRoom(bytes);
      else {
        const piece = Buffer.from(buffer.buffer as ArrayBuffer, 0, bytes);
        socket?.emit('data', gatherer() ? piece : Buffer.from(piece));
      }
      return true;
    },
  });
  return socket;
}

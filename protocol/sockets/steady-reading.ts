import { connect, type OnReadOpts, Socket, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isGathered } from './gathered-messages.js';

/** What one read takes at most: reads cost more than bytes. */
const READ_BYTES = 256 << 10;

/** What Node has below a socket: it reads and writes, and reports to the socket. */
interface Handled {
  _handle: object | null;
}

/** A connection that is opened to read into the same memory again and again: fresh memory for each read costs more than the read. */
export function connectReading(options: object): Socket {
  // `path` is that of the request: to a connection it would be that of a file.
  return reading((onread) => connect({ ...(options as TcpNetConnectOpts), path: undefined, onread }));
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
  const socket = open({
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (bytes, buffer) => {
      const piece = Buffer.from(buffer.buffer as ArrayBuffer, 0, bytes);
      socket.emit('data', isGathered(socket) ? piece : Buffer.from(piece));
      return true;
    },
  });
  return socket;
}

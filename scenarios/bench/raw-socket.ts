import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the timing process requests of its peer, over the channel that Node gives a forked process. */
export interface PeerTask {
  /** `vector`: only makes the vector that the next task sends. */
  readonly over: 'frames' | 'raw' | 'vector';
  readonly direction: 'down' | 'up';
  /** Numbers of a vector, and how many vectors. */
  readonly length: number;
  readonly count: number;
  readonly round: number;
}

export const RAW_BLOCK_BYTES = 256 << 10;

/** A plain socket between two processes: what the frame sockets are compared with. */

/** Writes `bytes` bytes of `block`, again and again, as fast as the socket takes them. */
export async function writeRaw(socket: Socket, block: Buffer, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= block.byteLength) {
    const piece = left < block.byteLength ? block.subarray(0, left) : block;
    if (!socket.write(piece)) await once(socket, 'drain');
  }
}

/** Waits until `bytes` bytes have come. */
export function readRaw(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes;
    const count = (data: Buffer) => {
      left -= data.byteLength;
      if (left > 0) return;
      socket.off('data', count);
      socket.pause();
      resolve();
    };
    socket.on('data', count);
    socket.resume();
  });
}

/** `path`: of a Unix-domain socket; null: a TCP port of the loopback. `at`: port or path. */
export async function listenRaw(path: string | null): Promise<{
  readonly server: Server;
  readonly at: number | string;
  readonly socket: Promise<Socket>;
}> {
  const server = createServer({ noDelay: true });
  const socket = once(server, 'connection').then(([first]) => first as Socket);
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve)));
  const address = server.address();
  return { server, at: typeof address === 'object' && address ? address.port : address!, socket };
}

export function connectRaw(at: string): Socket {
  return Number(at) > 0 ? connect({ port: Number(at), host: '127.0.0.1', noDelay: true }) : connect(at);
}

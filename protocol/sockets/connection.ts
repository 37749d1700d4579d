import type { Duplex } from 'node:stream';
import { GradswarmError } from '../errors.js';
import { LIMITS } from '../wire/limits.js';
import type { TlsTrust } from './challenge.js';
import { WebSocket } from './required-ws.js';

/** Of every websocket that carries frames. */
export const FRAME_SOCKET_OPTIONS = {
  perMessageDeflate: false,
  maxPayload: LIMITS.messageBytes,
  maxFragments: LIMITS.messageFragments,
  skipUTF8Validation: true,
  // Acknowledgements are pings and get no answer; others are answered by those who listen.
  autoPong: false,
} as const;

/** A websocket and the stream below it. */
export interface Connection {
  readonly socket: WebSocket;
  readonly stream: Duplex;
}

/** Opens a frame socket. Rejects with ERR_WORKER_LOST when it is refused or takes too long. */
export async function openConnection(url: string, timeoutMs: number, { ca }: TlsTrust): Promise<Connection> {
  const socket = new WebSocket(url, { ...FRAME_SOCKET_OPTIONS, handshakeTimeout: timeoutMs, ...(ca ? { ca } : {}) });
  const upgraded = new Promise<Duplex>((resolve) => socket.once('upgrade', ({ socket }) => resolve(socket)));
  await new Promise<void>((resolve, reject) => {
    // Stays: an error between here and the next listener must not end the process.
    socket.on('error', (error) => reject(new GradswarmError('ERR_WORKER_LOST', error.message, { cause: error })));
    socket.once('open', resolve);
  });
  return { socket, stream: await upgraded };
}

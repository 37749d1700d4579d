import type { WebSocket } from 'ws';
import { GradswarmError } from '../errors.js';
import type { TlsTrust } from './challenge.js';
import { IoSocket } from './control-socket.js';
import { ControlTransport } from './control-transport.js';
import { io } from './required-client.js';

export interface ControlOpening {
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly trust: TlsTrust;
  readonly openMs: number;
}

/** Rejects with ERR_WORKER_LOST: there is no coordinator; with ERR_PROTOCOL: it refused the connection. */
export async function openControl({ url, query, trust: { ca }, openMs }: ControlOpening): Promise<IoSocket> {
  const socket = io(url.replace(/^ws/, 'http'), {
    query,
    ...(ca === null ? {} : { ca }),
    transports: [ControlTransport],
    reconnection: false,
    forceNew: true,
    timeout: openMs,
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.io.off('close', closed);
      socket.disconnect();
      reject(connectError(url, error));
    };
    // `timeout` ends when the websocket is open: its other end may then say nothing more, or close it.
    const timer = setTimeout(() => fail(new Error(`not connected within ${openMs} ms`)), openMs);
    const closed = (reason: string): void => fail(new Error(reason));
    socket.io.on('close', closed);
    socket.on('connect_error', fail);
    socket.on('connect', () => {
      clearTimeout(timer);
      socket.io.off('close', closed);
      resolve();
    });
  });
  const { ws } = socket.io.engine.transport as unknown as { readonly ws: WebSocket };
  return new IoSocket(socket, new URL(url).hostname, ws, (seen) => socket.io.on('ping', seen));
}

/** Why there is no connection: a coordinator that refused it differs from one that is unreachable. */
function connectError(url: string, error: Error & { readonly description?: unknown }): GradswarmError {
  const { message } = (error.description ?? error) as { readonly message?: unknown };
  const why = String(message ?? error.message);
  if (/\b403\b/.test(why)) return new GradswarmError('ERR_PROTOCOL', `the coordinator at ${url} has another token`);
  return new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${url}: ${why}`);
}

import { connect } from 'node:net';
import fc from 'fast-check';
import type { Address } from '../attacks.js';
import { mutatedBytes } from './mutations.js';

/** What a client that is not admitted sends to a port, and how it then behaves. */
export interface Visit {
  readonly bytes: Uint8Array;
  /** 'reset': the connection is torn; 'half': its own half is closed; 'slow': byte by byte; 'stay': it falls silent and stays. */
  readonly manner: 'end' | 'reset' | 'half' | 'slow' | 'stay';
}

const upgrade = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

const PROOF = `role=worker&challenge=${'a'.repeat(60)}&nonce=${'b'.repeat(22)}&proof=${'c'.repeat(43)}`;

const REQUESTS = [
  'GET /health HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /challenge HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
  'POST /challenge HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nx\r\n0\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\nExpect: 100-continue\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET http://[::1]:99999/health HTTP/1.1\r\nHost: a\r\n\r\n',
  upgrade('//'),
  upgrade('/frames?token=x'),
  upgrade('/peers?key=x&worker=worker-0'),
  upgrade('/socket.io/?EIO=4&transport=websocket'),
  upgrade(`/socket.io/?EIO=4&transport=websocket&${PROOF}`),
  upgrade('/socket.io/?EIO=4&transport=polling', 'Origin: http://a\r\n'),
  upgrade('/health', 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n'),
  `${upgrade('/socket.io/?EIO=4&transport=websocket')}\x81\x82\0\0\0\x0040\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
].map((text) => Uint8Array.from(Buffer.from(text, 'latin1')));

const manners = ['end', 'end', 'end', 'reset', 'reset', 'half', 'slow', 'stay'] as const;

export const visits: fc.Arbitrary<Visit> = fc.record({
  bytes: mutatedBytes(REQUESTS),
  manner: fc.constantFrom(...manners),
});

/** Those that stay are let go after this time. */
const STAY_MS = 300;

/** One visit; resolves when the connection is over, whatever became of it. */
export function visit({ host, port }: Address, { bytes, manner }: Visit): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, allowHalfOpen: true });
    const over = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    const timer = setTimeout(over, STAY_MS);
    socket.on('error', over);
    socket.on('close', over);
    socket.on('data', () => {
      if (manner === 'end') over();
    });
    socket.on('end', () => {
      if (manner !== 'stay') over();
    });
    socket.on('connect', () => {
      if (manner === 'slow') return void drip(socket, bytes);
      socket.write(bytes, () => {
        if (manner === 'reset') socket.resetAndDestroy();
        else if (manner === 'half') socket.end();
        else if (manner === 'end') setTimeout(over, 20);
      });
    });
  });
}

async function drip(socket: ReturnType<typeof connect>, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes.subarray(0, 40)) {
    if (socket.destroyed) return;
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** All visits, so many at the same time. */
export async function visitAll(to: Address, all: readonly Visit[], atOnce: number): Promise<void> {
  const left = all.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const each of left) await visit(to, each);
    }),
  );
}

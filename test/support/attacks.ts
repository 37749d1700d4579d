import { connect, type Socket } from 'node:net';
import { io } from 'socket.io-client';

/** Attacks on a port by a process without a token, each with raw sockets. They resolve when the attack is over, whatever its result. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Sockets that an attack leaves open. */
export class Held {
  private readonly sockets: Socket[] = [];

  keep(socket: Socket): void {
    this.sockets.push(socket);
  }

  /** How many the other end has not closed. */
  get open(): number {
    return this.sockets.filter(({ closed, readableEnded }) => !closed && !readableEnded).length;
  }

  release(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

const upgradeTo = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

/** Sends bytes; the answer so far, once the other end closes or falls silent for 150 ms. */
export function sendBytes({ host, port }: Address, bytes: string | Uint8Array, held?: Held): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let answer = '';
    let timer: NodeJS.Timeout;
    const end = () => {
      clearTimeout(timer);
      if (held) held.keep(socket);
      else socket.destroy();
      resolve(answer);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(end, 150);
    };
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      wait();
    });
    socket.on('connect', () => {
      socket.write(bytes);
      wait();
    });
  });
}

/** Asks for an upgrade and resets the connection, at once or when the request has been read. */
function resetAfter({ host, port }: Address, target: string, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.write(upgradeTo(target), () => setTimeout(() => socket.resetAndDestroy(), afterMs));
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** A socket.io client that sends these engine.io packets and leaves. */
async function packets(address: Address, ...texts: readonly string[]): Promise<void> {
  const masked = texts.map((text) => {
    const body = Buffer.from(text);
    const length =
      body.length < 126 ? [0x80 | body.length] : [0x80 | 126, (body.length >> 8) & 0xff, body.length & 0xff];
    return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), body]);
  });
  const head = Buffer.from(upgradeTo('/socket.io/?EIO=4&transport=websocket'));
  await sendBytes(address, Buffer.concat([head, ...masked]));
}

/** Emits events as a socket.io client would, without saying hello in the right way. */
async function events({ host, port }: Address, ...emitted: readonly unknown[][]): Promise<void> {
  const socket = io(`http://${host}:${port}`, { transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve) => {
    const end = () => setTimeout(resolve, 100);
    socket.on('disconnect', end);
    socket.on('connect_error', end);
    socket.on('connect', () => {
      for (const [name, ...args] of emitted) socket.emit(String(name), ...args);
      end();
    });
  });
  socket.disconnect();
}

export const ATTACKS: Readonly<Record<string, (address: Address, held: Held) => Promise<unknown>>> = {
  'a request target that is no URL': (to) => sendBytes(to, upgradeTo('//')),
  'another one': (to) => sendBytes(to, upgradeTo('http://[')),
  'an upgrade of an unknown path': (to, held) => sendBytes(to, upgradeTo('/nowhere'), held),
  'an upgrade without the headers of a websocket': (to, held) =>
    sendBytes(to, 'GET /frames?token=x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', held),
  'an upgrade with a wrong token': (to) => sendBytes(to, upgradeTo('/frames?token=x')),
  'an upgrade of the peers’ path with a wrong key': (to) => sendBytes(to, upgradeTo('/peers?key=x&worker=worker-0')),
  'a reset after an upgrade': async (to) => {
    for (const target of ['/frames?token=x', '/nowhere', '/socket.io/?EIO=4&transport=websocket', '/peers?key=x'])
      for (const afterMs of [0, 1, 5]) await resetAfter(to, target, afterMs);
  },
  'bytes that are not HTTP': (to) =>
    sendBytes(to, Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 37) & 0xff))),
  'a TLS greeting': (to) => sendBytes(to, Buffer.from('160301020001000001fc0303', 'hex')),
  'half a request': (to, held) => sendBytes(to, 'GET / HTTP/1.1\r\nHost:', held),
  'an endless head': (to) => sendBytes(to, `GET / HTTP/1.1\r\nA: ${'x'.repeat(100_000)}`),
  'a connection that sends nothing': (to, held) => sendBytes(to, '', held),
  'socket.io: hello without an acknowledgement': (to) => packets(to, '40', '42["hello"]'),
  'socket.io: hello with other types': (to) =>
    events(to, ['hello'], ['hello', 1, 2], ['hello', null, () => {}], ['hello', Buffer.from('c1', 'hex'), () => {}]),
  'socket.io: hello of another version': (to) => events(to, ['hello', Buffer.from('8100', 'hex'), () => {}]),
  'socket.io: unknown events': (to) => events(to, ['done', 1], ['unknown', {}], ['failed'], ['error', 2]),
  'socket.io: packets that are none': (to) =>
    packets(to, '40', '42', '42[', '42{}', '42["__proto__"]', '451-["hello",{"_placeholder":true,"num":9}]', '9', '41'),
  'socket.io: an unknown namespace': (to) => packets(to, '40/admin,', '42/admin,["hello"]'),
  'socket.io: a connection without hello': (to, held) =>
    sendBytes(to, upgradeTo('/socket.io/?EIO=4&transport=websocket'), held),
};

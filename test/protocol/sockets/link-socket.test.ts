import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { openLink } from '../../../protocol/sockets/open-link.js';
import { SocketAcceptor } from '../../../protocol/sockets/socket-acceptor.js';
import { SocketServer } from '../../../protocol/sockets/socket-server.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';
import { countBytes, readCount } from '../../../protocol/wire/numbered-link.js';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { seededRandom } from '../../support/seeded-random.js';

type Line = { readonly bytes?: string; readonly status?: number } & {
  readonly [What in 'open' | 'expect' | 'send' | 'other' | 'refused']?: string;
} & { readonly cut?: true };

const vectors = JSON.parse(readFileSync(new URL('../../../../test/vectors/links.json', import.meta.url), 'utf8')) as {
  readonly counts: readonly { readonly count: number; readonly ping: string }[];
  readonly notCounts: readonly string[];
  readonly transcript: readonly Line[];
  readonly received: readonly string[];
};

const bytes = (text = ''): Buffer => Buffer.from(text, 'hex');
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const HEARTBEAT_MS = 20_000;

/** A port that takes links under the key 'a' at /frames, and refuses all others. */
async function accepting(heartbeatMs = HEARTBEAT_MS) {
  const server = await SocketServer.listen({ host: '127.0.0.1', port: 0 });
  const opened: MessageSocket[] = [];
  const acceptance = { path: '/frames', parameters: ['token'], heartbeatMs, early: 'refused' } as const;
  const acceptor = new SocketAcceptor(server, acceptance, (_name, socket) => opened.push(socket));
  acceptor.admit(new Map([['a', 'a']]));
  const { port } = server.address;
  return {
    opened,
    port,
    url: (at = port) => `ws://127.0.0.1:${at}/frames?token=a`,
    refuseFromNowOn: () => acceptor.admit(new Map()),
    acceptor,
    close: async () => {
      for (const socket of opened) socket.close();
      acceptor.close();
      await server.close();
    },
  };
}

describe('a numbered link over websockets', function () {
  this.timeout(300_000);

  it('what is sent because an acknowledgement made room for it leaves in one write', async () => {
    const port = await accepting();
    const { link, stream } = await openLink({
      url: port.url(),
      heartbeatMs: HEARTBEAT_MS,
      openMs: 3000,
      trust: { ca: null },
    });
    let came = 0;
    port.opened[0]!.on('message', () => came++);
    const writes: string[] = [];
    for (const name of ['_write', '_writev'] as const) {
      const write = (stream as unknown as Record<string, (...content: unknown[]) => void>)[name]!.bind(stream);
      Object.assign(stream, { [name]: (...content: unknown[]) => writes.push(name) && write(...content) });
    }
    let again = 0;
    for (let i = 0; i < 8; i++)
      link.send(new Uint8Array(1000), () => {
        if (++again === 1) writes.length = 0;
        link.send(new Uint8Array(1000));
      });
    while (came < 16) await wait(10);
    expect([again, writes]).to.deep.equal([8, ['_writev']]);
    await port.close();
    link.close();
  });

  it('what its receiver does not take is not acknowledged, over later connections too: its sender waits, and nothing comes twice', async () => {
    const port = await accepting(2000);
    const proxy = await CuttingProxy.to(port.port);
    const { link } = await openLink({
      url: port.url(proxy.port),
      heartbeatMs: 2000,
      openMs: 3000,
      trust: { ca: null },
    });
    const [other] = port.opened as [MessageSocket];
    const taken = other.holdBack();
    let came = 0;
    other.on('message', () => came++);
    const send = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) link.send(new Uint8Array(1 << 20));
      while (came < count) await wait(10);
    };
    await send(8);
    await wait(600);
    expect(link.bufferedAmount).to.equal(8 << 20);
    taken(3);
    while (link.bufferedAmount > 5 << 20) await wait(10);
    // The connection that follows begins after all that came, taken or not.
    const up = new Promise((resolve) => link.on('up', resolve));
    proxy.cut('frames');
    await up;
    link.send(new Uint8Array(7));
    while (came < 9) await wait(10);
    await wait(300);
    expect([came, link.bufferedAmount]).to.deep.equal([9, 7]);
    taken(6);
    while (link.bufferedAmount > 0) await wait(10);
    link.close();
    await port.close();
    await proxy.close();
  }).timeout(20_000);

  it('reports what the system has not taken, and when it has taken all: while the other end does not read, not all of 16 MB', async () => {
    const port = await accepting();
    const { link } = await openLink({ url: port.url(), heartbeatMs: HEARTBEAT_MS, openMs: 3000, trust: { ca: null } });
    const [other] = port.opened as [MessageSocket];
    expect(link.unwrittenBytes).to.equal(0);
    const drained = new Promise<void>((resolve) => link.on('drain', resolve));
    // In one turn of the event loop, in which nothing is read.
    for (let i = 0; i < 16; i++) link.send(new Uint8Array(1 << 20));
    expect(link.unwrittenBytes).to.be.within(1, 16 * ((1 << 20) + 14));
    await drained;
    expect(link.unwrittenBytes).to.equal(0);
    link.close();
    other.close();
    await port.close();
  });

  it('is opened although its first connections are closed without an answer, as by a port that has too many', async () => {
    const port = await accepting();
    let busy = 3;
    const door = createServer((socket) => {
      if (busy-- > 0) return socket.destroy();
      const behind = connect(port.port, '127.0.0.1');
      for (const each of [socket, behind]) each.on('error', () => {});
      socket.pipe(behind).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const at = (door.address() as AddressInfo).port;
    const { link } = await openLink({
      url: port.url(at),
      heartbeatMs: HEARTBEAT_MS,
      openMs: 3000,
      trust: { ca: null },
    });
    expect([busy, link.isUp]).to.deep.equal([-1, true]);
    link.close();
    await port.close();
    door.close();
  });

  it('20000 messages each way while 75 connections are broken: none is lost, doubled or out of order', async () => {
    const port = await accepting();
    const proxy = await CuttingProxy.to(port.port);
    const { link } = await openLink({
      url: port.url(proxy.port),
      heartbeatMs: HEARTBEAT_MS,
      openMs: 3000,
      trust: { ca: null },
    });
    const [other] = port.opened as [MessageSocket];
    const random = seededRandom(5);
    const arrived: [number[], number[]] = [[], []];
    link.on('message', (message) => arrived[0].push(Buffer.from(message).readUInt32LE()));
    other.on('message', (message) => arrived[1].push(Buffer.from(message).readUInt32LE()));
    const numbered = (value: number, more: number): Buffer => {
      const message = Buffer.alloc(4 + Math.floor(more * random()));
      message.writeUInt32LE(value);
      return message;
    };
    for (let value = 0, cuts = 0; value < 20_000; value++) {
      link.send(numbered(value, 3000));
      other.send(numbered(value, 300));
      if (value < (cuts * 20_000) / 75) continue;
      cuts++;
      await wait(3 * random());
      while (!link.isUp || proxy.carrying('frames').length === 0) await wait(2);
      proxy.cut('frames');
    }
    while (arrived[0].length < 20_000 || arrived[1].length < 20_000) await wait(20);
    await wait(50);
    const expected = Array.from({ length: 20_000 }, (_, value) => value);
    expect(arrived[0]).to.deep.equal(expected);
    expect(arrived[1]).to.deep.equal(expected);
    expect(proxy.cuts).to.be.at.least(75);
    link.close();
    proxy.close();
    await port.close();
  });

  it('sends to the byte what docs/protocol.md says', async () => {
    const port = await accepting();
    const received: string[] = [];
    let socket: WebSocket | null = null;
    let came: { readonly what: string; readonly bytes: string }[] = [];
    for (const { open, expect: expected, send, other, refused, status, cut, bytes: text = '' } of vectors.transcript) {
      if (open !== undefined) {
        const old = socket;
        socket = new WebSocket(`${port.url()}&${open}`, { autoPong: false });
        const log: typeof came = [];
        came = log;
        socket.on('message', (data: Buffer) => log.push({ what: 'message', bytes: hex(data) }));
        socket.on('ping', (data) => log.push({ what: 'ping', bytes: hex(data) }));
        socket.on('pong', (data) => log.push({ what: 'pong', bytes: hex(data) }));
        socket.on('close', () => log.push({ what: 'close', bytes: '' }));
        socket.on('error', () => {});
        await new Promise((resolve) => socket!.once('open', resolve));
        if (port.opened.length === 1 && received.length === 0 && old === null)
          port.opened[0]!.on('message', (message) => received.push(hex(message)));
      } else if (expected !== undefined) {
        while (came.length === 0) await wait(5);
        expect(came.shift()).to.deep.equal({ what: expected, bytes: text });
      } else if (send === 'message') socket!.send(bytes(text));
      else if (send === 'ping') socket!.ping(bytes(text));
      else if (other !== undefined) port.opened[0]!.send(bytes(text));
      else if (refused !== undefined) {
        const wrong = new WebSocket(`${port.url()}&${refused}`);
        const why = await new Promise<Error>((resolve) => wrong.once('error', resolve));
        expect(why.message).to.include(`${status}`);
      } else if (cut) {
        socket!.terminate();
        await wait(30);
      }
    }
    expect(received).to.deep.equal(vectors.received);
    expect(port.opened.length).to.equal(1);
    await port.close();
  });

  it('a count is 8 bytes, little-endian, below 2^53', () => {
    for (const { count, ping } of vectors.counts) {
      expect(hex(countBytes(count))).to.equal(ping);
      expect(readCount(bytes(ping))).to.equal(count);
    }
    for (const text of vectors.notCounts) expect(readCount(bytes(text)), text).to.equal(null);
  });

  it('a link that is refused at its next connection has ended; what was sent on it is not waited for', async () => {
    const port = await accepting();
    const proxy = await CuttingProxy.to(port.port);
    const { link } = await openLink({
      url: port.url(proxy.port),
      heartbeatMs: HEARTBEAT_MS,
      openMs: 3000,
      trust: { ca: null },
    });
    port.refuseFromNowOn();
    const closed = new Promise<[number, string]>((resolve) => link.on('close', (...how) => resolve(how)));
    let sent = false;
    link.on('down', () =>
      link.send(new Uint8Array(8), () => {
        sent = true;
      }),
    );
    proxy.cut('frames');
    expect(await closed).to.deep.equal([1008, 'it was answered with 403']);
    expect([sent, link.bufferedAmount]).to.deep.equal([true, 0]);
    proxy.close();
    await port.close();
  });

  it('ends with the acceptor that took it, although its connection is down', async () => {
    const port = await accepting();
    const proxy = await CuttingProxy.to(port.port);
    const { link } = await openLink({
      url: port.url(proxy.port),
      heartbeatMs: HEARTBEAT_MS,
      openMs: 3000,
      trust: { ca: null },
    });
    const [taken] = port.opened;
    const down = new Promise<void>((resolve) => taken!.on('down', () => resolve()));
    const ended = new Promise<void>((resolve) => taken!.on('close', () => resolve()));
    proxy.shut();
    await down;
    port.acceptor.close();
    await ended;
    link.close();
    proxy.close();
    await port.close();
  });

  it('closed by one end, it ends at the other and is not opened again', async () => {
    const port = await accepting();
    const { link } = await openLink({ url: port.url(), heartbeatMs: HEARTBEAT_MS, openMs: 3000, trust: { ca: null } });
    const downs: string[] = [];
    link.on('down', (why) => downs.push(why));
    const closed = new Promise<number>((resolve) => link.on('close', (code) => resolve(code)));
    port.opened[0]!.send(bytes('01'));
    const message = new Promise<string>((resolve) => link.on('message', (data) => resolve(hex(data))));
    port.opened[0]!.close();
    expect(await message).to.equal('01');
    expect(await closed).to.equal(1000);
    expect([downs, port.opened.length]).to.deep.equal([[], 1]);
    await port.close();
  });

  it('a connection that is silent for half of the heartbeat is closed by both ends, and another one carries on', async () => {
    const port = await accepting(400);
    const proxy = await CuttingProxy.to(port.port);
    const { link } = await openLink({ url: port.url(proxy.port), heartbeatMs: 400, openMs: 3000, trust: { ca: null } });
    const up = new Promise((resolve) => port.opened[0]!.on('up', resolve));
    proxy.silence('both', 'frames');
    port.opened[0]!.send(bytes('ab'));
    const message = new Promise<string>((resolve) => link.on('message', (data) => resolve(hex(data))));
    await up;
    expect(await message).to.equal('ab');
    link.close();
    proxy.close();
    await port.close();
  });
});

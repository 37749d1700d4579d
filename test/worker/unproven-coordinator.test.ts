import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Server } from 'socket.io';
import { pack } from '../../protocol/wire/packing.js';
import { runWorker } from '../../worker/main.js';
import { MESSAGES } from '../support/fuzz/messages.js';

/** What becomes of a worker whose coordinator answers a request for a challenge with `challenge`, and a connection as `meet` does. */
async function fateAt(
  challenge: (socket: NodeJS.WritableStream) => void,
  meet: (server: Server) => void,
): Promise<string> {
  const http = createServer();
  http.on('connection', (socket) => socket.on('error', () => {}));
  http.on('request', (request, response) => {
    if (request.url === '/challenge') challenge(response.socket!);
  });
  const server = new Server(http, { serveClient: false, transports: ['websocket'] });
  meet(server);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  try {
    await runWorker(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, {
      device: null,
      signal: new AbortController().signal,
      peers: null,
      token: 'the token',
      trust: { ca: null },
      note: () => {},
    });
    return 'it ended';
  } catch (error) {
    return (error as Error).message;
  } finally {
    http.closeAllConnections();
    await server.close();
  }
}

const answered = (text: string) => (socket: NodeJS.WritableStream) =>
  void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);

describe('a worker whose coordinator does not know the token', () => {
  it('uses nothing that it sends: an assignment before the proof ends the connection', async () => {
    let answers = 0;
    const fate = await fateAt(answered('a challenge'), (server) =>
      server.on('connection', (socket) => {
        socket.on('hello', () => socket.emit('assign', pack(MESSAGES.assign!.messages[0]), () => answers++));
      }),
    );
    expect(fate).to.match(
      /^ERR_PROTOCOL: the coordinator at .*: 'assign' came before the proof that it knows the token$/,
    );
    expect(answers).to.equal(0);
  });

  it('leaves when its answer is no proof, no answer, or a message of many values', async () => {
    const answer = (bytes: Uint8Array) =>
      fateAt(answered('a challenge'), (server) =>
        server.on('connection', (socket) =>
          socket.on('hello', (_data, reply: (bytes: Uint8Array) => void) => reply(bytes)),
        ),
      );
    expect(await answer(pack({ seat: 0, proof: 'x' }))).to.match(
      /^ERR_PROTOCOL: refused: the coordinator at .* has another token$/,
    );
    expect(await answer(pack({ seat: 0 }))).to.match(/^ERR_PROTOCOL: coordinator, answer to 'hello'/);
    expect(await answer(new Uint8Array(1 << 20).fill(0x91))).to.match(/^ERR_PROTOCOL: .*nested deeper/);
    expect(await answer(pack(Array.from({ length: 100 }, () => 0)))).to.match(/^ERR_PROTOCOL: .*more than 64 values/);
  });

  it('leaves at a long text, which it does not parse, and at a packet of a namespace', async () => {
    const text = (packet: string) =>
      fateAt(answered('a challenge'), (server) =>
        server.engine.on('connection', (socket: { transport: { socket: { send(text: string): void } } }) =>
          socket.transport.socket.send(packet),
        ),
      );
    const before = process.memoryUsage().rss;
    expect(await text(`42["x",${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}]`)).to.match(/^ERR_WORKER_LOST: /);
    expect(process.memoryUsage().rss - before).to.be.lessThan(150e6);
    expect(await text('42/x,["assign"]')).to.match(/^ERR_WORKER_LOST: /);
  });

  it('leaves when the connection is closed before it is complete', async () => {
    const fate = await fateAt(answered('a challenge'), (server) =>
      server.engine.on('connection', (socket: { close(): void }) => socket.close()),
    );
    expect(fate).to.match(/^ERR_WORKER_LOST: /);
  });

  it('leaves when a request for a challenge is answered with an upgrade, an endless text or other bytes', async () => {
    const fates = await Promise.all(
      [
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
        `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(100_000)}`,
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab',
        'SSH-2.0-x\r\n',
      ].map((text) =>
        fateAt(
          (socket) => void socket.end(text),
          () => {},
        ),
      ),
    );
    for (const fate of fates) expect(fate).to.match(/^ERR_WORKER_LOST: no coordinator at /);
  });
});

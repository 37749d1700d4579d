import { EventEmitter } from 'node:events';
import { ClientRequest } from 'node:http';
import { Server, Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { SocketAcceptor } from '../../../protocol/sockets/socket-acceptor.js';
import { SocketServer } from '../../../protocol/sockets/socket-server.js';
import { MetricsServer } from '../../../scenarios/commands/metrics-server.js';
import { LiveServer } from '../../../scenarios/live/live-server.js';
import { ATTACKS, Held } from '../../support/attacks.js';
import { certificate } from '../../support/certificate.js';
import { socketRun } from '../../support/socket-run.js';

/** What would end the process with an unhandled 'error'. */
function isExposed(thing: unknown): boolean {
  if (!(thing instanceof EventEmitter) || thing.listenerCount('error') > 0) return false;
  if (thing instanceof Socket) return !thing.destroyed && thing.remotePort !== undefined;
  if (thing instanceof WebSocket)
    return thing.readyState === WebSocket.CONNECTING || thing.readyState === WebSocket.OPEN;
  if (thing instanceof Server) return thing.listening;
  return thing instanceof ClientRequest && !thing.destroyed;
}

/** Events of a thing that its maker has not returned yet, or before a listener is there. */
const IN_THE_MAKING: readonly (string | symbol)[] = ['newListener', 'removeListener', 'open'];

/** Names of sockets, servers and requests that had no error handler when something had happened to them, while `work` runs. */
async function exposedDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const found = new Set<string>();
  const { emit } = EventEmitter.prototype;
  EventEmitter.prototype.emit = function (this: EventEmitter, event: string | symbol, ...args: unknown[]) {
    const handled = emit.call(this, event, ...args);
    if (IN_THE_MAKING.includes(event)) return handled;
    for (const thing of [this, ...args])
      if (isExposed(thing)) found.add(`${(thing as object).constructor.name} after '${String(event)}'`);
    return handled;
  } as typeof emit;
  try {
    await work();
  } finally {
    EventEmitter.prototype.emit = emit;
  }
  return [...found];
}

describe('every socket, server and request', function () {
  this.timeout(60_000);

  it('has its error handler before anything happens to it: in a run whose workers send to each other, under attack', async () => {
    const held = new Held();
    const attack = async (url: string) => {
      const { hostname, port } = new URL(url);
      await Promise.all(Object.values(ATTACKS).map((each) => each({ host: hostname, port: Number(port) }, held)));
    };
    const exposed = await exposedDuring(() =>
      socketRun(
        {
          name: 'handlers',
          method: { name: 'gradient-tracking', stepSize: 0.1 },
          objective: { name: 'quadratic', dimension: 5 },
          data: 'none',
          clients: 4,
          rounds: 20,
          seed: 4,
          topology: 'ring',
        },
        2,
        {
          before: attack,
          during: {
            round: 1,
            act: async ({ server }) => void (await Promise.all(server.peers.map(({ url }) => attack(url)))),
          },
        },
      ),
    );
    held.release();
    expect(exposed).to.deep.equal([]);
  });

  it('has it over TLS too, where a second socket lies on the first', async () => {
    const exposed = await exposedDuring(async () => {
      const server = await SocketServer.listen({ host: '127.0.0.1', port: 0, tls: certificate(), token: 'x' });
      const { port } = server.address;
      for (const target of ['/nowhere', '/frames?token=x', '/health'])
        await new Promise<void>((resolve) => {
          const socket = connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
            socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
          );
          socket.on('error', () => {});
          socket.on('data', () => socket.destroy());
          socket.on('close', () => resolve());
        });
      await server.close();
    });
    expect(exposed).to.deep.equal([]);
  });

  it('has it as a message socket of a member without numbered links', async () => {
    const exposed = await exposedDuring(async () => {
      const server = await SocketServer.listen({ host: '127.0.0.1', port: 0 });
      const acceptor = new SocketAcceptor(
        server,
        { path: '/frames', parameters: ['token'], heartbeatMs: 1000, early: 'refused' },
        () => {},
      );
      acceptor.admit(new Map([['x', 'a member']]));
      const socket = new WebSocket(`ws://127.0.0.1:${server.address.port}/frames?token=x`);
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send(Buffer.from('a message'));
      socket.ping();
      await new Promise((resolve) => socket.once('pong', resolve));
      socket.terminate();
      acceptor.close();
      await server.close();
    });
    expect(exposed).to.deep.equal([]);
  });

  it('has it as the page of a run, and as /metrics of a process', async () => {
    const exposed = await exposedDuring(async () => {
      const page = await LiveServer.open(() => null);
      const metrics = await MetricsServer.open(0, false);
      for (const url of [page.url, `http://127.0.0.1:${metrics.port}/metrics`]) await (await fetch(url)).text();
      await page.close();
      metrics.close();
    });
    expect(exposed).to.deep.equal([]);
  });

  it('is found by this test when it has none', async () => {
    const exposed = await exposedDuring(async () => {
      const server = new Server();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    });
    expect(exposed).to.deep.equal(["Server after 'listening'"]);
  });
});

import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { openLink } from '../../../protocol/sockets/open-link.js';
import { listenAtPath } from '../../../protocol/sockets/own-sockets.js';
import { SocketAcceptor } from '../../../protocol/sockets/socket-acceptor.js';
import { SocketServer } from '../../../protocol/sockets/socket-server.js';
import { localSocketUrl } from '../../../protocol/sockets/unseen-way.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';

const HEARTBEAT_MS = 20_000;

async function accepting() {
  const server = await SocketServer.listen({ host: '127.0.0.1', port: 0, token: 'of the run', local: 'served' });
  const opened: { readonly socket: MessageSocket; readonly isLocal: boolean }[] = [];
  const acceptance = { path: '/frames', parameters: ['token'], heartbeatMs: HEARTBEAT_MS, early: 'refused' } as const;
  const acceptor = new SocketAcceptor(server, acceptance, (_name, socket, _numbered, isLocal) =>
    opened.push({ socket, isLocal }),
  );
  acceptor.admit(new Map([['a', 'a']]));
  const path = server.localPath!;
  return {
    opened,
    path,
    local: (token: string) => localSocketUrl(path, '/frames', `token=${token}`),
    port: (token: string) => `ws://127.0.0.1:${server.address.port}/frames?token=${token}`,
    close: async () => {
      acceptor.close();
      await server.close();
    },
  };
}

const link = async (url: string) =>
  (await openLink({ url, heartbeatMs: HEARTBEAT_MS, openMs: 3000, trust: { ca: null } })).link;
const failure = (url: string): Promise<string> =>
  link(url).then(
    () => 'opened',
    ({ message }: Error) => message,
  );

/** Status of a request over the Unix-domain socket, to become a websocket if `upgrade`. */
const status = (socketPath: string, path: string, upgrade: boolean): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = upgrade ? { connection: 'Upgrade', upgrade: 'websocket' } : {};
    request({ socketPath, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

(process.platform === 'win32' ? describe.skip : describe)('frame sockets over a Unix-domain socket', () => {
  it('carry messages both ways with the token of the assignment, and no request without it', async () => {
    const own = await accepting();
    const opener = await link(own.local('a'));
    expect(own.opened.map(({ isLocal }) => isLocal)).to.deep.equal([true]);
    const came = (socket: MessageSocket) =>
      new Promise<Uint8Array>((resolve) => socket.on('message', (message) => resolve(Uint8Array.from(message))));
    const [up, down] = [came(own.opened[0]!.socket), came(opener)];
    opener.send(new Uint8Array(100_000).fill(1));
    own.opened[0]!.socket.send(new Uint8Array(100_000).fill(2));
    expect((await up).every((byte) => byte === 1)).to.equal(true);
    expect((await down).every((byte) => byte === 2)).to.equal(true);
    expect(await failure(own.local('b'))).to.match(/answered with 403/);
    opener.close();
    await own.close();
  });

  it('serves frame sockets alone: no challenge, no control connection, no copy of the run', async () => {
    const own = await accepting();
    for (const path of ['/challenge', '/health', '/run.tar', '/frames?token=a'])
      expect(await status(own.path, path, false), path).to.equal(404);
    for (const path of ['/socket.io/', '/peers?key=a']) expect(await status(own.path, path, true), path).to.equal(404);
    await own.close();
  });

  it('a link that began there is not continued at the port, nor the other way round: checksums were agreed on', async () => {
    for (const [first, then] of [
      ['local', 'port'],
      ['port', 'local'],
    ] as const) {
      const own = await accepting();
      const opener = await link(own[first]('a'));
      expect(await failure(own[then]('a'))).to.match(/answered with 403/);
      expect(opener.isUp).to.equal(true);
      opener.close();
      await own.close();
    }
  });

  it('its file and folder are gone when the server is closed, links open or not', async () => {
    const own = await accepting();
    await link(own.local('a'));
    expect(existsSync(own.path)).to.equal(true);
    await own.close();
    expect(existsSync(dirname(own.path))).to.equal(false);
  });

  it('may be taken by another thread: the path is reserved, serves frame sockets alone, and is gone with the port', async () => {
    const server = await SocketServer.listen({ host: '127.0.0.1', port: 0, local: 'reserved' });
    const path = server.localPath!;
    const url = (token: string) => localSocketUrl(path, '/frames', `token=${token}`);
    expect(existsSync(dirname(path))).to.equal(true);
    expect(await failure(url('a'))).to.match(/ENOENT/);
    const own = (await listenAtPath(path))!;
    expect(own.localPath).to.equal(path);
    const local: boolean[] = [];
    const acceptance = { path: '/frames', parameters: ['token'], heartbeatMs: HEARTBEAT_MS, early: 'refused' } as const;
    const acceptor = own.accept(acceptance, (_name, _socket, _numbered, isLocal) => local.push(isLocal));
    acceptor.admit(new Map([['a', 'a']]));
    await link(url('a'));
    expect(local).to.deep.equal([true]);
    expect(await failure(url('b'))).to.match(/answered with 403/);
    for (const other of ['/challenge', '/health']) expect(await status(path, other, false), other).to.equal(404);
    acceptor.close();
    await own.close();
    await server.close();
    expect(existsSync(dirname(path))).to.equal(false);
    expect(await listenAtPath(path)).to.equal(null);
  });
});

import { connect, createServer } from 'node:net';
import { expect } from 'chai';
import { openLink } from '../../../protocol/sockets/open-link.js';
import { SocketAcceptor } from '../../../protocol/sockets/socket-acceptor.js';
import { SocketServer } from '../../../protocol/sockets/socket-server.js';
import { isUnseen } from '../../../protocol/sockets/unseen-way.js';

describe('a way that no intermediary sees', () => {
  it('is one over TLS or on this machine, and no other', () => {
    const seen = (url: string): boolean => !isUnseen(new URL(url));
    for (const url of [
      'wss://somewhere:7700',
      'ws://127.0.0.1:1',
      'ws://127.1.2.3:1',
      'ws://[::1]:1',
      'ws://localhost:1',
    ])
      expect(seen(url), url).to.equal(false);
    for (const url of ['ws://10.0.0.1:1', 'ws://127.0.0.1.example:1', 'ws://localhost.example:1', 'ws://[::2]:1'])
      expect(seen(url), url).to.equal(true);
  });

  it('there a link masks with zeros: its numbers cross the connection as they are', async () => {
    const server = await SocketServer.listen({ host: '127.0.0.1', port: 0 });
    const acceptance = { path: '/frames', parameters: ['token'], heartbeatMs: 20_000, early: 'refused' } as const;
    let came: (message: Uint8Array) => void = () => {};
    const message = new Promise<Uint8Array>((resolve) => {
      came = resolve;
    });
    const acceptor = new SocketAcceptor(server, acceptance, (_name, socket) => socket.on('message', came));
    acceptor.admit(new Map([['a', 'a']]));
    const crossed: Buffer[] = [];
    const between = createServer((near) => {
      const far = connect(server.address.port, '127.0.0.1');
      near.on('data', (piece) => crossed.push(piece));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
    const { port } = between.address() as { readonly port: number };
    const url = `ws://127.0.0.1:${port}/frames?token=a`;
    const { link } = await openLink({ url, heartbeatMs: 20_000, openMs: 3000, trust: { ca: null } });
    const sent = Uint8Array.from({ length: 100 }, (_, i) => i);
    link.send(sent);
    expect([...(await message)]).to.deep.equal([...sent]);
    expect(Buffer.concat(crossed).includes(Buffer.from([0x82, 0x80 | 100, 0, 0, 0, 0, ...sent]))).to.equal(true);
    link.close();
    acceptor.close();
    await server.close();
    between.close();
  });
});

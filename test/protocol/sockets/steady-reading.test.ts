import { connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import { gatherMessages } from '../../../protocol/sockets/gathered-messages.js';
import { acceptReading, connectReading } from '../../../protocol/sockets/steady-reading.js';
import { SpareMemory } from '../../../protocol/wire/spare-memory.js';

/** A connection as a server accepts it, and its other end. */
async function accepted(): Promise<{ readonly own: Socket; readonly other: Socket; close(): void }> {
  const server = createServer();
  const connection = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const other = connect((server.address() as { readonly port: number }).port, '127.0.0.1');
  return { own: await connection, other, close: () => server.close() };
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

describe('steady reading', () => {
  it('what a connection reads before it is gathered is not overwritten by what it reads next', async () => {
    const server = createServer((socket) => {
      socket.write('a'.repeat(1000));
      setTimeout(() => socket.end('b'.repeat(1000)), 100);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    const socket = connectReading({ host: '127.0.0.1', port });
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    await closed(socket);
    server.close();
    expect(Buffer.concat(pieces).toString()).to.equal('a'.repeat(1000) + 'b'.repeat(1000));
  });

  it('an accepted connection that is gathered reads into the same memory again and again, and loses nothing', async () => {
    const { own, other, close } = await accepted();
    const socket = acceptReading(own);
    gatherMessages(socket, new SpareMemory(0));
    const memories = new Set<ArrayBufferLike>();
    let came = 0;
    const { emit } = socket;
    socket.emit = (event: string, ...content: unknown[]) => {
      const [piece] = content as [Buffer];
      if (event === 'data') {
        memories.add(piece.buffer);
        came += piece.byteLength;
      }
      return emit.apply(socket, [event, ...content] as Parameters<typeof emit>);
    };
    // Frames of websockets, each with 1 byte.
    other.end(Buffer.alloc(3 << 20, Buffer.from([0x82, 1, 7])));
    socket.resume();
    await new Promise((resolve) => socket.once('end', resolve));
    expect([memories.size, came]).to.deep.equal([1, 3 << 20]);
    socket.destroy();
    close();
  });

  it('a large message is read to where it stays: none of 40, with small ones between them, is changed by what comes next', async () => {
    const { own, other, close } = await accepted();
    const socket = acceptReading(own);
    gatherMessages(socket, new SpareMemory(0));
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    const messages = Array.from({ length: 40 }, (_, i) => Buffer.alloc([70_000, 3, 1 << 20, 65_536][i % 4]!, i + 1));
    for (const message of messages) {
      const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      if (message.byteLength < 126) other.write(Buffer.from([0x82, message.byteLength]));
      else {
        head.writeBigUInt64BE(BigInt(message.byteLength), 2);
        other.write(head);
      }
      other.write(message);
    }
    other.end();
    await new Promise((resolve) => socket.once('end', resolve));
    const large = pieces.filter(({ byteLength }) => byteLength >= 65_536);
    const expected = messages.filter(({ byteLength }) => byteLength >= 65_536);
    expect(large.map(({ byteLength }) => byteLength)).to.deep.equal(expected.map(({ byteLength }) => byteLength));
    expect(large.every((piece, i) => piece.equals(expected[i]!))).to.equal(true);
    expect(new Set(large.map(({ buffer }) => buffer)).size).to.equal(large.length);
    socket.destroy();
    close();
  });

  it('what it sends arrives, and its end is that of the connection which was accepted, and the other way round', async () => {
    for (const first of ['accepted', 'in its place']) {
      const { own, other, close } = await accepted();
      const socket = acceptReading(own);
      const received = new Promise((resolve) => other.once('data', (text) => resolve(text.toString())));
      socket.write('hello');
      expect(await received).to.equal('hello');
      const ends = [own, socket, other].map(closed);
      other.resume();
      (first === 'accepted' ? own : socket).destroy();
      await Promise.all(ends);
      close();
    }
  });

  it('a connection over TLS stays as it is', () => {
    const secure = new TLSSocket(new PassThrough() as unknown as Socket);
    expect(acceptReading(secure)).to.equal(secure);
  });
});

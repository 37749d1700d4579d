import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { expect } from 'chai';
import { PortHub } from '../../../protocol/sockets/port-hub.js';
import { PortSocket } from '../../../protocol/sockets/port-socket.js';
import { relaySocket } from '../../../protocol/sockets/socket-relay.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';

/** A socket that keeps what it is sent until `leave` is called. */
class SlowSocket extends EventEmitter implements MessageSocket {
  readonly kept: { readonly message: Uint8Array; readonly sent: ((memory?: Uint8Array) => void) | undefined }[] = [];
  readonly closed: (number | undefined)[] = [];
  readonly reused: Uint8Array[] = [];
  taken = 0;

  get bufferedAmount(): number {
    return this.kept.reduce((sum, { message }) => sum + message.byteLength, 0);
  }
  send(message: Uint8Array, sent?: (memory?: Uint8Array) => void): void {
    this.kept.push({ message, sent });
  }
  leave(count: number): void {
    for (const { sent } of this.kept.splice(0, count)) sent?.();
  }
  holdBack(): (messages: number) => void {
    return (messages) => {
      this.taken += messages;
    };
  }
  reuse(message: Uint8Array): void {
    this.reused.push(message);
  }
  close(code?: number): void {
    this.closed.push(code);
  }
}

function relayed(): { readonly socket: PortSocket; readonly real: SlowSocket } {
  const { port1, port2 } = new MessageChannel();
  const real = new SlowSocket();
  relaySocket(real, new PortHub(port1, 1).channel(0));
  const socket = new PortSocket(new PortHub(port2, 2).channel(0));
  return { socket, real };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isSo(); i++) await turn();
}

describe('a message socket whose connection another thread has', () => {
  it('counts as buffered what has not been sent, and gives the memory back in order', async () => {
    const { socket, real } = relayed();
    const back: (number | undefined)[] = [];
    // The smallest is copied: its memory stayed here.
    for (const [value, bytes] of [10_000, 20, 30_000].entries())
      socket.send(new Uint8Array(bytes).fill(value), (memory) => back.push(memory?.[0]));
    await until(() => real.kept.length === 3);
    expect(real.kept.map(({ message }) => message.byteLength)).to.deep.equal([10_000, 20, 30_000]);
    expect(socket.bufferedAmount).to.equal(40_020);
    real.leave(2);
    await until(() => back.length === 2);
    expect([back, socket.bufferedAmount]).to.deep.equal([[0, undefined], 30_000]);
    real.emit('close', 1000, '');
  });

  it('gives memory of received messages back with the report of the next one, where it is worth it and the whole of a buffer', async () => {
    const { socket, real } = relayed();
    const received: Uint8Array[] = [];
    socket.on('message', (message) => received.push(message));
    real.emit('message', new Uint8Array(10_000).fill(7));
    await until(() => received.length === 1);
    socket.reuse(new Uint8Array(10));
    socket.reuse(new Uint8Array(20_000).subarray(10_000));
    socket.reuse(received[0]!);
    expect(received[0]!.byteLength).to.equal(10_000);
    real.emit('message', new Uint8Array(10));
    await until(() => real.reused.length === 1);
    expect(real.reused.map(({ byteLength, 0: first }) => [byteLength, first])).to.deep.equal([[10_000, 7]]);
    expect(received[0]!.byteLength).to.equal(0);
    real.emit('close', 1000, '');
  });

  it('reports a message as taken when its thread has acted on it, not before', async () => {
    const { socket, real } = relayed();
    let acted = 0;
    socket.on('message', () => acted++);
    real.emit('message', new Uint8Array(10));
    real.emit('message', new Uint8Array(10));
    expect(real.taken).to.equal(0);
    await until(() => real.taken === 2);
    expect([acted, real.taken]).to.deep.equal([2, 2]);
    real.emit('close', 1000, '');
  });

  it('a part of a larger buffer leaves the rest of the buffer as it is, in both directions', async () => {
    const { socket, real } = relayed();
    const pool = Uint8Array.from({ length: 100 }, (_, i) => i);
    const received: number[][] = [];
    socket.on('message', (message) => received.push([...message]));
    real.emit('message', pool.subarray(10, 12));
    real.emit('message', pool.subarray(12, 15));
    socket.send(pool.subarray(90, 92));
    await until(() => received.length === 2 && real.kept.length === 1);
    expect(received).to.deep.equal([
      [10, 11],
      [12, 13, 14],
    ]);
    expect([...real.kept[0]!.message]).to.deep.equal([90, 91]);
    expect(pool.byteLength).to.equal(100);
  });

  it('what is sent while it is corked leaves with uncork, and before a close', async () => {
    const { socket, real } = relayed();
    socket.cork();
    socket.send(Uint8Array.of(1));
    socket.send(Uint8Array.of(2));
    for (let i = 0; i < 20; i++) await turn();
    expect(real.kept).to.have.length(0);
    socket.uncork();
    socket.cork();
    socket.send(Uint8Array.of(3));
    socket.close(1008);
    await until(() => real.closed.length > 0);
    expect(real.kept.map(({ message }) => message[0])).to.deep.equal([1, 2, 3]);
    expect(real.closed).to.deep.equal([1008]);
  });

  it('is closed after the last message, and then no sender waits for room', async () => {
    const { socket, real } = relayed();
    const seen: unknown[] = [];
    socket.on('message', (message) => seen.push(message[0]));
    socket.on('close', (code, reason) => seen.push([code, reason]));
    socket.send(new Uint8Array(5000), (memory) => seen.push(memory!.byteLength));
    await until(() => real.kept.length === 1);
    real.emit('message', Uint8Array.of(7));
    real.emit('down', 'cut');
    real.emit('close', 1006, 'gone');
    await until(() => seen.length === 3);
    expect(seen).to.deep.equal([7, [1006, 'gone'], 0]);
    expect(socket.bufferedAmount).to.equal(0);
  });
});

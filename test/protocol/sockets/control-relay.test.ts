import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { expect } from 'chai';
import { PortControl, relayControl } from '../../../protocol/sockets/control-relay.js';
import { IoSocket } from '../../../protocol/sockets/control-socket.js';
import { PortHub } from '../../../protocol/sockets/port-hub.js';

/** socket.io by hand: what arrives is given to `arrive`. */
class HandSocket extends EventEmitter {
  private listener: (event: string, ...content: readonly unknown[]) => void = () => {};

  onAny(listener: (event: string, ...content: readonly unknown[]) => void): void {
    this.listener = listener;
  }
  arrive(event: string, ...content: readonly unknown[]): void {
    this.listener(event, ...content);
  }
  disconnect(): void {}
}

function relayed() {
  const { port1, port2 } = new MessageChannel();
  const socket = new HandSocket();
  const websocket = { isPaused: false, pause: () => {}, resume: () => {} };
  const io = new IoSocket(socket as never, 'here', websocket as never, () => {});
  relayControl(io, new PortHub(port1, 1).channel(0));
  const control = new PortControl(new PortHub(port2, 2).channel(0), 'here');
  return { socket, control };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !isSo(); i++) await turn();
}

describe('a control connection that another thread has', () => {
  it('content that is no bytes is none: a function and nesting without end cannot go to another thread', async () => {
    const { socket, control } = relayed();
    const received: unknown[] = [];
    control.listen({ received: (event, data) => received.push([event, data]), seen: () => {}, closed: () => {} });
    socket.arrive('done', JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`));
    socket.arrive('done', () => {});
    socket.arrive('done', Uint8Array.of(1));
    await until(() => received.length === 3);
    expect(received).to.deep.equal([
      ['done', undefined],
      ['done', undefined],
      ['done', Uint8Array.of(1)],
    ]);
    socket.emit('disconnect', 'over');
  });
});

import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { hasOwnFrames, WatchedSocket } from '../../../protocol/sockets/watched-socket.js';
import { BROKEN, CLOSED, type MessageSocket } from '../../../protocol/wire/message-socket.js';

class HandSocket extends EventEmitter implements MessageSocket {
  readonly bufferedAmount = 7;
  unwrittenBytes = 0;
  readonly sent: Uint8Array[] = [];
  readonly closedWith: (number | undefined)[] = [];

  send(message: Uint8Array): void {
    this.sent.push(message);
  }
  holdBack(): () => void {
    return () => {};
  }
  /** As a link does, at once. */
  close(code?: number): void {
    this.closedWith.push(code);
    this.emit('close', code, '');
  }
}

function watched() {
  const [frames, signs] = [new HandSocket(), new HandSocket()];
  const socket = new WatchedSocket(frames, signs);
  const events: unknown[][] = [];
  for (const event of ['message', 'drain', 'down', 'up', 'seen', 'close'] as const)
    socket.on(event, (...content: unknown[]) => events.push([event, ...content]));
  return { frames, signs, socket, events };
}

describe('a socket whose signs of life come over another', () => {
  it('carries messages over the first alone, and is seen as the second is', () => {
    const { frames, signs, socket, events } = watched();
    const message = new Uint8Array(3);
    socket.send(message);
    expect(frames.sent).to.deep.equal([message]);
    expect(signs.sent).to.deep.equal([]);
    frames.unwrittenBytes = 5;
    expect([socket.bufferedAmount, socket.unwrittenBytes]).to.deep.equal([7, 5]);
    frames.emit('message', message);
    signs.emit('message', message);
    for (const one of [frames, signs]) for (const event of ['drain', 'seen']) one.emit(event, event);
    expect(events.map(([event]) => event)).to.deep.equal(['message', 'drain', 'seen']);
  });

  it('is down as soon as one of them is, and up when both are, with what either carried again', () => {
    const { frames, signs, events } = watched();
    frames.emit('down', 'frames');
    signs.emit('down', 'signs');
    signs.emit('up', { messages: 0, bytes: 0, downMs: 9 });
    expect(events).to.deep.equal([['down', 'frames']]);
    frames.emit('up', { messages: 2, bytes: 50, downMs: 4 });
    // A connection may come before the one that it follows is known to be lost.
    frames.emit('up', { messages: 1, bytes: 7, downMs: 0 });
    expect(events.slice(1)).to.deep.equal([
      ['up', { messages: 2, bytes: 50, downMs: 9 }],
      ['up', { messages: 1, bytes: 7, downMs: 0 }],
    ]);
    signs.emit('down', 'signs');
    expect(events.at(-1)).to.deep.equal(['down', 'signs']);
  });

  it('ends with either of them, once and with its reason, and ends the other', () => {
    for (const first of ['frames', 'signs'] as const) {
      const { events, ...both } = watched();
      const other = both[first === 'frames' ? 'signs' : 'frames'];
      both[first].emit('close', 1008, 'why');
      expect(events).to.deep.equal([['close', 1008, 'why']]);
      expect(other.closedWith).to.deep.equal([BROKEN]);
    }
  });

  it('closes both with the code that it is given: the other end is to know that neither is opened again', () => {
    const { frames, signs, socket } = watched();
    socket.close(CLOSED);
    socket.close(BROKEN);
    expect([frames.closedWith, signs.closedWith]).to.deep.equal([[CLOSED], [CLOSED]]);
  });

  it('is used where a model has at most 256 kB', () => {
    expect(hasOwnFrames(65_536, 'float32')).to.equal(true);
    expect(hasOwnFrames(65_537, 'float32')).to.equal(false);
    expect(hasOwnFrames(32_768, 'float64')).to.equal(true);
    expect(hasOwnFrames(32_769, 'float64')).to.equal(false);
  });
});

import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { FrameEntrance } from '../../../coordinator/members/frame-entrance.js';
import type { Acceptance, Accepted, Listener } from '../../../protocol/sockets/sockets.js';
import { BROKEN, type MessageSocket } from '../../../protocol/wire/message-socket.js';

class HandSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly closedWith: (number | undefined)[] = [];
  close(code?: number): void {
    this.closedWith.push(code);
    this.emit('close', code, '');
  }
}

/** A listener by hand: `come` is a worker's socket with this token. */
function listenerByHand() {
  let accepted: Accepted = () => {};
  const admitted: string[][] = [];
  const given: Acceptance[] = [];
  const listener = {
    accept: (acceptance: Acceptance, take: Accepted) => {
      given.push(acceptance);
      accepted = take;
      return { admit: (keys: ReadonlyMap<string, string>) => admitted.push([...keys.keys()]), close: () => {} };
    },
  } as unknown as Listener;
  const come = (token: string): HandSocket => {
    const socket = new HandSocket();
    accepted(token, socket as unknown as MessageSocket, true, false);
    return socket;
  };
  return { listener, come, admitted, given };
}

function entrance() {
  const [port, path] = [listenerByHand(), listenerByHand()];
  const workers: { token: string; socket: MessageSocket; isLocal: boolean }[] = [];
  const heartbeatMs = 2000;
  const doors = new FrameEntrance(port.listener, path.listener, heartbeatMs, (token, socket, _numbered, isLocal) =>
    workers.push({ token, socket, isLocal }),
  );
  return { port, path, workers, doors };
}

const keys = (...tokens: string[]) => new Map(tokens.map((token) => [token, token]));

describe('the entrance of frame sockets', () => {
  it('takes a worker that opens both as one: messages come over the one, silence is that of the other', () => {
    const { port, path, workers } = entrance();
    const frames = path.come('a');
    expect(workers).to.have.length(0);
    const signs = port.come('a');
    expect(workers.map(({ token, isLocal }) => [token, isLocal])).to.deep.equal([['a', true]]);
    const events: string[] = [];
    workers[0]!.socket.on('message', () => events.push('message'));
    workers[0]!.socket.on('down', () => events.push('down'));
    frames.emit('message', new Uint8Array());
    signs.emit('down', 'nothing came');
    expect(events).to.deep.equal(['message', 'down']);
    expect(port.given[0]!.heartbeatMs).to.equal(2000);
    expect(path.given[0]!.heartbeatMs).to.be.greaterThan(1e9);
  });

  it('takes one that comes to the port alone, and one whose other socket has ended before, as it comes', () => {
    const { port, path, workers } = entrance();
    const alone = port.come('a');
    path.come('b').emit('close', BROKEN, '');
    const left = port.come('b');
    expect(workers.map(({ socket, isLocal }) => [socket, isLocal])).to.deep.equal([
      [alone, false],
      [left, false],
    ]);
  });

  it('admits the same tokens to both, and ends a socket whose token is none any more', () => {
    const { port, path, workers, doors } = entrance();
    doors.admit(keys('a'));
    const old = path.come('a');
    doors.admit(keys('b'));
    expect([port.admitted, path.admitted]).to.deep.equal([
      [['a'], ['b']],
      [['a'], ['b']],
    ]);
    expect(old.closedWith).to.deep.equal([BROKEN]);
    const late = port.come('a');
    expect(workers.map(({ socket }) => socket)).to.deep.equal([late]);
  });
});

import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { FrameRouter } from '../../../coordinator/members/frame-router.js';
import { Membership } from '../../../coordinator/members/membership.js';
import type { Accepted } from '../../../protocol/sockets/sockets.js';
import type { Packed } from '../../../protocol/wire/control-messages.js';
import { FrameChannel } from '../../../protocol/wire/frame-channel.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import type { MessageSocket } from '../../../protocol/wire/message-socket.js';
import { pack } from '../../../protocol/wire/packing.js';
import { frameBytes } from '../../support/hostile-member.js';

/** A socket by hand: `full` until the test says otherwise. */
class HandSocket {
  bufferedAmount: number = LIMITS.sendQueueBytes;
  readonly sent: Uint8Array[] = [];
  receive: (message: Uint8Array) => void = () => {};
  ended: (code: number, reason: string) => void = () => {};
  private done: (() => void)[] = [];

  send(message: Uint8Array, sent?: () => void): void {
    this.sent.push(message);
    if (sent) this.done.push(sent);
  }
  close(): void {}
  on(event: string, listener: (...args: never[]) => void): void {
    if (event === 'message') this.receive = listener as never;
    if (event === 'close') this.ended = listener as never;
  }
  /** Takes all that waits. */
  drain(): void {
    this.bufferedAmount = 0;
    for (const sent of this.done.splice(0)) sent();
  }
}

/** Client 0 in worker a, client 1 in worker b; frames of a to client 1 go through the coordinator. */
function routerOfTwo(keptBytes: number) {
  const options = { onLoss: 'replay', silentMs: 1e9, waitMs: 1e9, prepareMs: 1e9 } as const;
  const membership = new Membership(2, 2, options, { epoch: 1, round: 0, nowMs: 0 });
  for (const worker of ['a', 'b']) membership.take({ type: 'join', worker, name: worker, seat: null, nowMs: 0 });
  const broken: string[] = [];
  const progress = { count: 0 };
  let accepted: Accepted = () => {};
  const listener = {
    accept: (_acceptance: unknown, take: Accepted) => {
      accepted = take;
      return { admit: () => {}, close: () => {} };
    },
  };
  const layouts = layoutsOf({ iterate: { from: 'clients', to: 'peers', vectors: ['x'] } }, 'float64');
  const router = new FrameRouter(
    listener as never,
    membership,
    layouts.values(),
    {
      clientCount: 2,
      kindCount: 1,
      maxBodyBytes: 1 << 20,
      maxPackedBytes: 1 << 20,
      maxPackedValues: 1000,
      keptBytes,
      hold: null,
      heartbeatMs: 1000,
    },
    {
      answer: () => {},
      alive: () => {
        progress.count++;
      },
      broken: ({ worker }, { message }) => broken.push(`${worker}: ${message}`),
      down: () => {},
      up: () => {},
      seen: () => {},
    },
  );
  const [a, b] = [new HandSocket(), new HandSocket()];
  accepted(membership.of('a')!.token, a as unknown as MessageSocket, false, false);
  accepted(membership.of('b')!.token, b as unknown as MessageSocket, false, false);
  const body = new Uint8Array(1000);
  const frame = (step: number) => frameBytes({ from: 0, to: 1, step, count: 0 }, body, crc32(body));
  return { a, b, broken, frame, progress, router, accepted, membership };
}

/** A packed message as it travels. */
function packedBytes(message: Packed): Uint8Array {
  let bytes = new Uint8Array();
  const socket = { bufferedAmount: 0, send: (sent: Uint8Array) => void (bytes = Uint8Array.from(sent)) };
  const options = { clientCount: 2, kindCount: 1, maxBodyBytes: 0, maxPackedBytes: 1 << 20, crc32 };
  new FrameChannel(socket, options).send({ type: 'packed', body: pack(message) });
  return bytes;
}

describe('the frame socket of a worker', () => {
  it('is a loss when it ends in its epoch, and none when it ends after it', () => {
    const during = routerOfTwo(1e6);
    during.a.ended(1000, '');
    expect(during.broken).to.deep.equal(['a: ERR_WORKER_LOST: worker-0 closed its frame socket']);
    const after = routerOfTwo(1e6);
    after.router.retire();
    after.a.ended(1000, '');
    expect(after.broken).to.deep.equal([]);
  });

  it('opened for an epoch that has ended meanwhile is not one of the next: its end is no loss', () => {
    const { broken, router, accepted, membership } = routerOfTwo(1e6);
    const { token } = membership.of('a')!;
    router.retire();
    const late = new HandSocket();
    accepted(token, late as unknown as MessageSocket, true, false);
    expect(router.linkOf(membership.of('a')!)).to.equal(null);
    late.ended(1000, 'closed with 1000');
    expect(broken).to.deep.equal([]);
  });
});

describe('progress, which the stall limit watches', () => {
  it('is a frame or a seal, and no answer to the question who waits for what', () => {
    const { a, frame, progress } = routerOfTwo(1e6);
    const content = { request: 1, waits: ["client 0 waits for 'iterate' from client 1"], computing: false };
    a.receive(packedBytes({ type: 'control', event: 'waits', content }));
    expect(progress.count).to.equal(0);
    a.receive(frame(0));
    expect(progress.count).to.equal(1);
    a.receive(packedBytes({ type: 'seals', seals: [{ from: 0, to: [1], round: 0, attempt: 0, counts: [1] }] }));
    expect(progress.count).to.equal(2);
  });
});

describe('frames that a member does not take', () => {
  it('are kept for it up to a number of bytes; then the one who sent them has broken the protocol', () => {
    const { a, broken, frame } = routerOfTwo(10 * 1512);
    for (let step = 0; step < 10; step++) a.receive(frame(step));
    expect(broken).to.deep.equal([]);
    a.receive(frame(10));
    expect(broken).to.have.lengthOf(1);
    expect(broken[0]).to.match(/^a: ERR_PROTOCOL: expected at most 15120 bytes that wait to be read/);
  });

  it('neither are seals kept without end, one sent to its own clients among them', () => {
    for (const to of [0, 1]) {
      const { a, broken } = routerOfTwo(10 * 144);
      const seal = (round: number) =>
        packedBytes({ type: 'seals', seals: [{ from: 0, to: [to], round, attempt: 0, counts: [1] }] });
      for (let round = 0; round < 10; round++) a.receive(seal(round));
      expect(broken).to.deep.equal([]);
      a.receive(seal(10));
      expect(broken[0]).to.match(/^a: ERR_PROTOCOL: expected at most 1440 bytes that wait to be read/);
    }
  });

  it('seals count no more once they have left', async () => {
    const { a, b, broken } = routerOfTwo(10 * 144);
    b.drain();
    for (let round = 0; round < 100; round++) {
      a.receive(packedBytes({ type: 'seals', seals: [{ from: 0, to: [1], round, attempt: 0, counts: [1] }] }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(b.sent).to.have.lengthOf(100);
    expect(broken).to.deep.equal([]);
  });

  it('count no more once they have left', () => {
    const { a, b, broken, frame } = routerOfTwo(10 * 1512);
    b.drain();
    for (let step = 0; step < 100; step++) a.receive(frame(step));
    expect(b.sent).to.have.lengthOf(100);
    expect(broken).to.deep.equal([]);
  });
});

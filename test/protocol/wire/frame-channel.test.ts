import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { type Frame, joinBody, wireBytes } from '../../../protocol/wire/frame.js';
import { FrameChannel } from '../../../protocol/wire/frame-channel.js';
import type { Incoming } from '../../../protocol/wire/frame-receiver.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { openFrame } from '../../../protocol/wire/open-frame.js';

const layouts = layoutsOf(
  { update: { from: 'clients', to: 'coordinator', vectors: ['delta'], bytes: ['note'], scalars: ['examples'] } },
  'float32',
);
const layout = layouts.get('update')!;

/** 5 note bytes, so that there is padding; numbers that differ, so that a chunk in the wrong place shows. */
function frameOf(length: number, to: Frame['to'] = 'coordinator'): Frame {
  const payload = {
    delta: Float32Array.from({ length }, (_, i) => i + 0.5),
    note: Uint8Array.of(1, 2, 3, 4, 5),
    examples: 7,
  };
  return {
    kindIndex: 0,
    round: 3,
    attempt: 0,
    step: 0,
    from: 1,
    to,
    arrivesAtMs: 2,
    lost: null,
    messages: [layout.encode(payload, null)],
  };
}

/**
 * A socket that looks at a message only when it leaves, later in the turn, as a real one may: memory used again too early would
 * show. Counts what it is asked to cork.
 */
class RecordingSocket {
  readonly bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  corks = 0;
  uncorks = 0;
  send(message: Uint8Array, sent: () => void): void {
    queueMicrotask(() => {
      this.sent.push(message.slice());
      sent();
    });
  }
  cork(): void {
    this.corks++;
  }
  uncork(): void {
    this.uncorks++;
  }
}

/** A socket of this thread: what it is given stays with it until the test lets the system take it, all at once. */
class FullSocket {
  readonly bufferedAmount = 0;
  readonly given: Uint8Array[] = [];
  unwrittenBytes = 0;
  openCorks = 0;
  private drain = (): void => {};
  send(message: Uint8Array): void {
    this.given.push(message.slice());
    this.unwrittenBytes += message.byteLength;
  }
  cork(): void {
    this.openCorks++;
  }
  uncork(): void {
    this.openCorks--;
  }
  on(event: string, listener: unknown): void {
    if (event === 'drain') this.drain = listener as () => void;
  }
  takeAll(): void {
    this.unwrittenBytes = 0;
    this.drain();
  }
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const allHaveLeft = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Setting {
  readonly repeats?: boolean;
  readonly isLocal?: boolean;
  readonly summedBytes?: number[];
  readonly defer?: (work: () => void) => void;
}

function channelOver(
  socket: RecordingSocket | FullSocket,
  { summedBytes = [], defer, repeats = false, isLocal = false }: Setting = {},
): FrameChannel {
  return new FrameChannel(socket, {
    clientCount: 2,
    kindCount: 1,
    maxBodyBytes: 64 << 20,
    maxPackedBytes: 64 << 20,
    isLocal,
    ...(repeats && { repeats, sendsRepeats: repeats }),
    crc32: (bytes, previous) => {
      summedBytes.push(bytes.byteLength);
      return crc32(bytes, previous);
    },
    ...(defer ? { defer } : {}),
  });
}

type IncomingFrame = Incoming & { type: 'frame' };

function received(messages: readonly Uint8Array[], setting: Setting = {}): IncomingFrame[] {
  const receiver = channelOver(new RecordingSocket(), setting);
  return messages.flatMap((message) => receiver.receive(message) ?? []) as IncomingFrame[];
}

describe('frame channel', () => {
  const chunkNumbers = LIMITS.chunkBytes / 4;
  for (const [what, length] of [
    ['no numbers', 0],
    ['one number', 1],
    // Fixed part 24 bytes, note 8 bytes padded: the body is 32 bytes more than the numbers.
    ['a body of exactly one chunk', chunkNumbers - 8],
    ['a body 8 bytes longer than a chunk', chunkNumbers - 6],
    ['a body of exactly two chunks', 2 * chunkNumbers - 8],
    ['a body of two and a half chunks', 2.5 * chunkNumbers],
  ] as const)
    it(`hands up the bytes, header and checksum that were sent, and as many as wireBytes says: ${what}`, async () => {
      const socket = new RecordingSocket();
      const frame = frameOf(length);
      const channel = channelOver(socket);
      channel.send({ type: 'frame', frame });
      await allHaveLeft();
      const [incoming] = received(socket.sent);
      const body = joinBody(frame);
      expect(incoming!.intact).to.equal(true);
      expect(Buffer.compare(incoming!.body, body)).to.equal(0);
      expect(incoming!.header).to.include({ round: 3, from: 1, to: 'coordinator', bodyBytes: body.byteLength });
      expect(incoming!.header.checksum).to.equal(crc32(body));
      const framing = socket.sent.reduce((sum, { byteLength }) => sum + (byteLength < 65536 ? 4 : 10), 0);
      const small = socket.sent.filter(({ byteLength }) => byteLength < 126).length;
      expect(channel.sentFrameBytes + framing - 2 * small).to.equal(wireBytes(body.byteLength, false));
    });

  it('a whole body in memory that is used again is no other than one in new memory', async () => {
    const socket = new RecordingSocket();
    const channel = channelOver(socket);
    const length = 10_000;
    channel.send({ type: 'frame', frame: { ...frameOf(length, 1), arrivesAtMs: 9 } });
    await allHaveLeft();
    channel.send({ type: 'frame', frame: frameOf(length) });
    channel.send({ type: 'packed', body: new Uint8Array(joinBody(frameOf(length)).byteLength).fill(1) });
    await allHaveLeft();
    const fresh = new RecordingSocket();
    channelOver(fresh).send({ type: 'frame', frame: frameOf(length) });
    channelOver(fresh).send({ type: 'packed', body: new Uint8Array(joinBody(frameOf(length)).byteLength).fill(1) });
    await allHaveLeft();
    expect(socket.sent.slice(1).map((message) => Buffer.from(message).toString('hex'))).to.deep.equal(
      fresh.sent.map((message) => Buffer.from(message).toString('hex')),
    );
  });

  it('chunks that are used again for the next body do not change what has left', async () => {
    const socket = new RecordingSocket();
    const channel = channelOver(socket);
    for (const scale of [1, 2]) {
      channel.send({ type: 'frame', frame: frameOf(scale * 2 * chunkNumbers) });
      await allHaveLeft();
    }
    const incoming = received(socket.sent);
    expect(incoming.map(({ intact }) => intact)).to.deep.equal([true, true]);
    for (const [i, { body }] of incoming.entries())
      expect(Buffer.compare(body, joinBody(frameOf((i + 1) * 2 * chunkNumbers)))).to.equal(0);
  });

  for (const length of [3, 2.5 * chunkNumbers])
    it(`a frame of ${length} numbers is released once its last message was reported as sent, its repeat once it was, in order`, () => {
      const reports: (() => void)[] = [];
      const socket = { bufferedAmount: 0, send: (_: Uint8Array, sent: () => void) => reports.push(sent) };
      const channel = channelOver(socket as never, { repeats: true });
      const released: string[] = [];
      const frame = frameOf(length);
      for (const name of ['frame', 'repeat'])
        channel.send({ type: 'frame', frame: { ...frame, release: () => released.push(name) } });
      const [last] = reports.splice(-1);
      const [bodyEnd] = reports.splice(-1);
      for (const report of reports) report();
      expect(released).to.deep.equal([]);
      bodyEnd!();
      expect(released).to.deep.equal(['frame']);
      last!();
      expect(released).to.deep.equal(['frame', 'repeat']);
    });

  it('what was not reported as sent is not released: it is sent over another socket', () => {
    const reports: (() => void)[] = [];
    const socket = { bufferedAmount: 0, send: (_: Uint8Array, sent: () => void) => reports.push(sent) };
    const channel = channelOver(socket as never);
    let released = 0;
    channel.send({ type: 'frame', frame: { ...frameOf(3), release: () => released++ } });
    expect(channel.takeUnsent()).to.have.length(1);
    for (const report of reports) report();
    expect(released).to.equal(0);
  });

  it('a header between the chunks of a body is refused, also one whose body is whole', async () => {
    const socket = new RecordingSocket();
    for (const length of [2 * chunkNumbers, 1]) {
      channelOver(socket).send({ type: 'frame', frame: frameOf(length) });
      await allHaveLeft();
    }
    const [header, chunk] = socket.sent;
    expect(() => received([header!, chunk!, socket.sent.at(-1)!])).to.throw(
      'a new body before the last one was complete',
    );
  });

  it('one bit flipped in any chunk, the last one too, makes the frame rejected', async () => {
    const socket = new RecordingSocket();
    channelOver(socket).send({ type: 'frame', frame: frameOf(2.5 * chunkNumbers) });
    await allHaveLeft();
    for (let i = 1; i < socket.sent.length; i++) {
      const changed = socket.sent.map((message) => message.slice());
      changed[i]![changed[i]!.byteLength - 1]! ^= 4;
      const [incoming] = received(changed);
      expect(incoming!.intact).to.equal(false);
      expect(openFrame(incoming!, [layout]).lost).to.equal('rejected');
    }
  });

  it('a relayed body in chunks keeps its sender’s checksum: a change before the relay is still seen after it', async () => {
    const socket = new RecordingSocket();
    channelOver(socket).send({ type: 'frame', frame: frameOf(2 * chunkNumbers, 0) });
    await allHaveLeft();
    const [incoming] = received(socket.sent);
    incoming!.body[100]! ^= 1;
    const onward = new RecordingSocket();
    channelOver(onward).send({ type: 'relay', header: incoming!.header, body: incoming!.body });
    await allHaveLeft();
    expect(received(onward.sent)[0]!.intact).to.equal(false);
  });

  for (const [what, numbers] of [
    ['a body in chunks', 2 * chunkNumbers],
    ['a small body', 16],
  ] as const)
    it(`a broadcast of ${what} is summed once, not once a receiver, and the next body again`, async () => {
      const socket = new RecordingSocket();
      const summedBytes: number[] = [];
      const channel = channelOver(socket, { summedBytes });
      const [frame, next] = [frameOf(numbers), frameOf(numbers)];
      const bodyBytes = joinBody(frame).byteLength;
      for (const to of [0, 1] as const) channel.send({ type: 'frame', frame: { ...frame, to } });
      channel.send({ type: 'frame', frame: next });
      await allHaveLeft();
      expect(summedBytes.reduce((sum, bytes) => sum + bytes, 0)).to.equal(2 * bodyBytes);
      expect(received(socket.sent).map(({ intact }) => intact)).to.deep.equal([true, true, true]);
    });

  it('frames of one turn of the event loop leave together, and none waits for the next turn', async () => {
    const socket = new RecordingSocket();
    const turns: (() => void)[] = [];
    const channel = channelOver(socket, { defer: (work) => turns.push(work) });
    for (let i = 0; i < 3; i++) channel.send({ type: 'frame', frame: frameOf(10) });
    expect([socket.corks, socket.uncorks, turns.length]).to.deep.equal([1, 0, 1]);
    turns[0]!();
    expect([socket.corks, socket.uncorks]).to.deep.equal([1, 1]);
    channel.send({ type: 'frame', frame: frameOf(10) });
    expect([socket.corks, turns.length]).to.deep.equal([2, 2]);
  });

  it('while the system has 512 kB to take, no more becomes bytes; then it does, in order, corks closed', () => {
    const socket = new FullSocket();
    const turns: (() => void)[] = [];
    const channel = channelOver(socket, { defer: (work) => turns.push(work) });
    const frames = [frameOf(30_000), frameOf(2 * chunkNumbers), ...Array.from({ length: 40 }, () => frameOf(10_000))];
    for (const frame of frames) channel.send({ type: 'frame', frame });
    for (let steps = 0; !channel.idle; steps++) {
      expect(steps).to.be.below(100);
      expect(socket.unwrittenBytes).to.be.within(512 << 10, (512 << 10) + LIMITS.chunkBytes + 24);
      socket.takeAll();
      for (const work of turns.splice(0)) work();
      expect(socket.openCorks).to.equal(0);
    }
    expect(received(socket.given).map(({ body }) => hash(body))).to.deep.equal(
      frames.map((frame) => hash(joinBody(frame))),
    );
  });

  it('a body in chunks comes in the memory of one that was released after its header', async () => {
    const socket = new RecordingSocket();
    channelOver(socket).send({ type: 'frame', frame: frameOf(1.5 * chunkNumbers) });
    await allHaveLeft();
    const receiver = channelOver(new RecordingSocket());
    const [header, ...chunks] = socket.sent;
    const rest = () => chunks.map((message) => receiver.receive(message)).at(-1) as IncomingFrame;
    receiver.receive(header!);
    const first = rest();
    receiver.receive(header!);
    first.release();
    expect(rest().body.buffer).to.equal(first.body.buffer);
  });

  it('a body in chunks comes in the memory of one that was released, and in no other', async () => {
    const socket = new RecordingSocket();
    channelOver(socket).send({ type: 'frame', frame: frameOf(1.5 * chunkNumbers) });
    await allHaveLeft();
    const receiver = channelOver(new RecordingSocket());
    const next = () => socket.sent.map((message) => receiver.receive(message)).at(-1) as IncomingFrame;
    const [first, second] = [next(), next()];
    expect(second.body.buffer).to.not.equal(first.body.buffer);
    first.release();
    expect(next().body.buffer).to.equal(first.body.buffer);
    expect(next().body.buffer).to.not.equal(second.body.buffer);
  });

  describe('of a local link', () => {
    const sentBy = async (outgoing: readonly Parameters<FrameChannel['send']>[0][], setting: Setting) => {
      const socket = new RecordingSocket();
      const channel = channelOver(socket, setting);
      for (const each of outgoing) channel.send(each);
      await allHaveLeft();
      return socket.sent;
    };
    const checksumOf = (message: Uint8Array): number =>
      new DataView(message.buffer).getUint32(message[0] === 2 ? 20 : 40, true);

    it('no checksum is taken at either end, of whole bodies, chunks and packed messages: it is 0', async () => {
      const summedBytes: number[] = [];
      const setting = { isLocal: true, summedBytes };
      const frames = [frameOf(10), frameOf(2.5 * chunkNumbers)].map((frame) => ({ type: 'frame', frame }) as const);
      const sent = await sentBy([...frames, { type: 'packed', body: Uint8Array.of(1, 2) }], setting);
      expect(sent.map(checksumOf)).to.deep.equal(sent.map(() => 0));
      const receiver = channelOver(new RecordingSocket(), setting);
      const incoming = sent.flatMap((message) => receiver.receive(message) ?? []);
      expect(incoming.map((each) => hash(each.body))).to.deep.equal([
        ...frames.map(({ frame }) => hash(joinBody(frame))),
        hash(Uint8Array.of(1, 2)),
      ]);
      expect(incoming.every((each) => each.type === 'packed' || each.intact)).to.equal(true);
      expect(summedBytes).to.deep.equal([]);
    });

    for (const length of [10, 1.5 * chunkNumbers])
      it(`a frame that a fault has changed is rejected, whatever its own checksum was: ${length} numbers`, async () => {
        const frame = frameOf(length);
        const body = joinBody(frame);
        const own = crc32(body);
        body[30]! ^= 1;
        for (const checksum of [own, 0]) {
          const outgoing = { type: 'frame', frame: { ...frame, tampered: { body, checksum } } } as const;
          const sent = await sentBy([outgoing, { type: 'frame', frame }], { isLocal: true });
          expect(received(sent, { isLocal: true }).map(({ intact }) => intact)).to.deep.equal([false, true]);
        }
      });

    it('a broadcast has its body once there too', async () => {
      const frame = frameOf(10);
      const both = ([0, 1] as const).map((to) => ({ type: 'frame', frame: { ...frame, to } }) as const);
      const sent = await sentBy(both, { isLocal: true, repeats: true });
      expect(sent.map(([type]) => type)).to.deep.equal([1, 4]);
      const bodies = received(sent, { isLocal: true, repeats: true }).map(({ body }) => hash(body));
      expect(bodies).to.deep.equal([hash(joinBody(frame)), hash(joinBody(frame))]);
    });

    for (const length of [10, 1.5 * chunkNumbers])
      it(`what is passed on to one with checksums gets one, and what has one keeps it: ${length} numbers`, async () => {
        const frame = frameOf(length);
        const [{ header, body }] = received(await sentBy([{ type: 'frame', frame }], { isLocal: true }), {
          isLocal: true,
        }) as [IncomingFrame];
        const relay = { type: 'relay', header, body } as const;
        const summed = await sentBy([relay], {});
        expect(checksumOf(summed.at(-1)!)).to.equal(crc32(body));
        expect(received(summed).map(({ intact }) => intact)).to.deep.equal([true]);
        const changed = { ...relay, header: { ...header, checksum: 5 } };
        for (const isLocal of [false, true])
          expect(received(await sentBy([changed], { isLocal }), { isLocal })[0]!.intact).to.equal(false);
      });

    it('a link with checksums does not take 0 for one that was not taken', async () => {
      const sent = await sentBy([{ type: 'frame', frame: frameOf(10) }], { isLocal: true });
      expect(received(sent)[0]!.intact).to.equal(false);
    });
  });

  describe('repeats', () => {
    /** The same messages for both clients and the coordinator, each with an arrival of its own. */
    const broadcast = (length: number): Frame[] => {
      const first = frameOf(length);
      return ([0, 1, 'coordinator'] as const).map((to, arrivesAtMs) => ({ ...first, to, arrivesAtMs }));
    };
    const sentBy = async (frames: readonly Frame[], setting: Setting) => {
      const socket = new RecordingSocket();
      const channel = channelOver(socket, setting);
      for (const frame of frames) channel.send({ type: 'frame', frame });
      await allHaveLeft();
      return { sent: socket.sent, bytes: channel.sentFrameBytes };
    };

    for (const [what, length] of [
      ['whole bodies', 1000],
      ['bodies in chunks', 2.5 * chunkNumbers],
    ] as const)
      it(`a broadcast has its body once: what arrives is as without them, and as many bytes are counted: ${what}`, async () => {
        const frames = broadcast(length);
        const [plain, repeated] = [await sentBy(frames, {}), await sentBy(frames, { repeats: true })];
        const size = (messages: readonly Uint8Array[]) => messages.reduce((sum, { byteLength }) => sum + byteLength, 0);
        expect(size(repeated.sent)).to.equal(size(plain.sent) / 3 + 2 * 48);
        expect(repeated.bytes).to.equal(plain.bytes);
        const parts = (incoming: IncomingFrame) => {
          const { release: _release, ...content } = incoming;
          const { chunkStream: _, ...header } = incoming.header;
          return { ...content, header, body: hash(incoming.body) };
        };
        expect(received(repeated.sent, { repeats: true }).map(parts)).to.deep.equal(received(plain.sent).map(parts));
      });

    it('a body is filled again once its frame and all repeats are released and another frame has come, not before', async () => {
      const { sent } = await sentBy([...broadcast(10), frameOf(10, 1), frameOf(10, 0)], { repeats: true });
      const reused: Uint8Array[] = [];
      const socket = Object.assign(new RecordingSocket(), { reuse: (message: Uint8Array) => reused.push(message) });
      const channel = channelOver(socket, { repeats: true });
      const [first, ...repeats] = sent.slice(0, 3).map((message) => channel.receive(message) as IncomingFrame);
      for (const { release } of repeats) release();
      const other = channel.receive(sent[3]!) as IncomingFrame;
      expect(reused).to.deep.equal([]);
      first!.release();
      expect(reused.map(({ buffer }) => buffer)).to.deep.equal([sent[0]!.buffer]);
      other.release();
      expect(reused).to.have.length(1);
      channel.receive(sent[4]!);
      expect(reused.map(({ buffer }) => buffer)).to.deep.equal([sent[0]!.buffer, sent[3]!.buffer]);
    });

    it('none is sent for other messages, after another body, for a frame that was changed or lost, or without being agreed on', async () => {
      const [first, second] = broadcast(10) as [Frame, Frame];
      const other = frameOf(10, 1);
      const changed = { body: joinBody(first), checksum: 1 };
      const types = async (...frames: Frame[]) => (await sentBy(frames, { repeats: true })).sent.map(([type]) => type);
      expect(await types(first, second)).to.deep.equal([1, 4]);
      expect(await types(first, other, second)).to.deep.equal([1, 1, 1]);
      expect(await types({ ...first, tampered: changed }, second)).to.deep.equal([1, 1]);
      expect(await types(first, { ...second, tampered: changed })).to.deep.equal([1, 1]);
      expect(await types(first, { ...second, lost: 'dropped', messages: [] }, second)).to.deep.equal([1, 1, 1]);
      expect(await types({ ...first, messages: [] }, { ...second, messages: [] })).to.deep.equal([1, 1]);
      expect((await sentBy([first, second], {})).sent.map(([type]) => type)).to.deep.equal([1, 1]);
    });

    it('what was passed on in between has another body', async () => {
      const socket = new RecordingSocket();
      const channel = channelOver(socket, { repeats: true });
      const [first, second] = broadcast(10) as [Frame, Frame];
      channel.send({ type: 'frame', frame: first });
      await allHaveLeft();
      const [{ header, body }] = received(socket.sent) as [IncomingFrame];
      channel.send({ type: 'relay', header, body });
      channel.send({ type: 'frame', frame: second });
      await allHaveLeft();
      expect(socket.sent.map(([type]) => type)).to.deep.equal([1, 1, 1]);
    });

    it('one that follows a damaged body is damaged too', async () => {
      const { sent } = await sentBy(broadcast(10), { repeats: true });
      sent[0]![60]! ^= 1;
      expect(received(sent, { repeats: true }).map(({ intact }) => intact)).to.deep.equal([false, false, false]);
    });

    it('one that was not agreed on, follows no frame, or says another thing of the body is refused', async () => {
      const { sent } = await sentBy(broadcast(10), { repeats: true });
      const [whole, repeat] = sent as [Uint8Array, Uint8Array];
      const chunked = (await sentBy(broadcast(1.5 * chunkNumbers), { repeats: true })).sent;
      const changed = (at: number) => {
        const copy = repeat.slice();
        copy[at]! ^= 1;
        return copy;
      };
      const refused = (messages: readonly Uint8Array[], setting: Setting = { repeats: true }) =>
        expect(() => received(messages, setting)).to.throw(/ERR_FRAME_MALFORMED/);
      received([whole, repeat], { repeats: true });
      refused([whole, repeat], {});
      refused([repeat]);
      refused([whole, chunked[0]!, repeat]);
      refused([whole, Buffer.concat([repeat, new Uint8Array(8)])]);
      // lost, kind, count, bytes, checksum, stream
      for (const at of [1, 2, 32, 36, 40, 44]) refused([whole, changed(at)]);
    });
  });
});

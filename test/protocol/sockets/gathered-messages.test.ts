import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { gatherMessages } from '../../../protocol/sockets/gathered-messages.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { SpareMemory } from '../../../protocol/wire/spare-memory.js';
import { seededRandom } from '../../support/seeded-random.js';

/** A frame of RFC 6455; the payload is of random bytes. */
function frameOf(random: () => number, first: number, length: number, masked: boolean): Buffer {
  const head = [first, masked ? 0x80 : 0];
  if (length < 126) head[1]! |= length;
  else if (length < 65536) {
    head[1]! |= 126;
    head.push(length >> 8, length & 255);
  } else {
    head[1]! |= 127;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(length));
    head.push(...bytes);
  }
  if (masked) head.push(1, 2, 3, 4);
  return Buffer.concat([Buffer.from(head), Uint8Array.from({ length }, () => Math.floor(256 * random()))]);
}

const LENGTHS = [0, 1, 125, 126, 127, 16_383, 16_384, 40_000, 65_535, 65_536, 200_000];

const text = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What is passed on of these bytes, which come in pieces up to this length, each in memory that is then overwritten. */
function passedOn(bytes: Buffer, random: () => number, longest: number, memory = new SpareMemory(0)): Buffer[] {
  const stream = new PassThrough();
  const passed: Buffer[] = [];
  stream.on('data', (piece: Buffer) => passed.push(piece));
  gatherMessages(stream, memory);
  for (let at = 0; at < bytes.byteLength; ) {
    const piece = Buffer.from(bytes.subarray(at, at + 1 + Math.floor(longest * random())));
    at += piece.byteLength;
    stream.emit('data', piece);
    piece.fill(0xaa);
  }
  return passed;
}

describe('gathered messages', () => {
  const random = seededRandom(5);

  it('60 streams of frames cut at random: the bytes are the same, and each large binary payload is one piece of its own', () => {
    for (let run = 0; run < 60; run++) {
      const masked = run % 2 === 0;
      const frames = Array.from({ length: 6 }, () => {
        const first = [0x82, 0x82, 0x82, 0x89, 0x02, 0x80][Math.floor(6 * random())]!;
        // Where all pieces are tiny, no longer ones than are called large.
        const lengths = run % 3 === 0 ? LENGTHS.slice(0, 7) : LENGTHS;
        return frameOf(random, first, lengths[Math.floor(lengths.length * random())]!, masked);
      });
      const passed = passedOn(Buffer.concat(frames), random, [3, 1000, 100_000][run % 3]!);
      expect(text(Buffer.concat(passed)), `run ${run}`).to.equal(text(Buffer.concat(frames)));
      const heads = (frame: Buffer) => ((frame[1]! & 127) === 127 ? 10 : 4) + (masked ? 4 : 0);
      const large = frames.filter((frame) => frame[0] === 0x82 && frame.byteLength >= 16_384 + (masked ? 8 : 4));
      const pieces = new Set(passed.map(text));
      for (const frame of large) expect(pieces, `run ${run}`).to.include(text(frame.subarray(heads(frame))));
    }
  });

  it('memory is used again where it was given back, and not before', () => {
    const memory = new SpareMemory(1 << 20);
    const two = Buffer.concat([frameOf(random, 0x82, 70_000, false), frameOf(random, 0x82, 70_000, false)]);
    const [, first, , second] = passedOn(two, random, 1e9, memory);
    expect(first!.buffer).to.not.equal(second!.buffer);
    memory.give(new Uint8Array(first!.buffer));
    const again = passedOn(frameOf(random, 0x82, 70_000, false), random, 1e9, memory);
    expect(again[1]!.buffer).to.equal(first!.buffer);
  });

  it('a frame that announces more than a message may have gets no memory', () => {
    const asked: number[] = [];
    const memory = new SpareMemory(0, (length) => {
      asked.push(length);
      return new Uint8Array(length);
    });
    const head = (length: bigint): Buffer => {
      const bytes = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      bytes.writeBigUInt64BE(length, 2);
      return bytes;
    };
    passedOn(head(BigInt(LIMITS.messageBytes)), random, 1, memory);
    for (const length of [BigInt(LIMITS.messageBytes) + 1n, 1n << 53n, (1n << 64n) - 1n])
      passedOn(head(length), random, 1, memory);
    expect(asked).to.deep.equal([LIMITS.messageBytes]);
  });

  it('who stops listening gets nothing more', () => {
    const stream = new PassThrough();
    let pieces = 0;
    const listener = () => {
      pieces++;
      stream.off('data', listener);
    };
    stream.on('data', listener);
    gatherMessages(stream, new SpareMemory(0));
    for (let i = 0; i < 2; i++) stream.emit('data', frameOf(random, 0x82, 30_000, false));
    expect(pieces).to.equal(1);
  });
});

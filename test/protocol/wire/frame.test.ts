import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { type ErrorCode, GradswarmError } from '../../../protocol/errors.js';
import type { MessageKinds, PartyId, Precision } from '../../../protocol/method.js';
import { crc32 } from '../../../protocol/wire/checksum.js';
import {
  CHUNK_LAYOUT,
  FRAME_HEADER_BYTES,
  FRAME_LAYOUT,
  joinBody,
  readHeader,
  type WireFrame,
  wireBytes,
  writeHeader,
} from '../../../protocol/wire/frame.js';
import { FrameChannel } from '../../../protocol/wire/frame-channel.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { LIMITS } from '../../../protocol/wire/limits.js';

interface Vectors {
  readonly clients: number;
  readonly kinds: MessageKinds;
  readonly frames: readonly {
    readonly name: string;
    readonly meaning: string;
    readonly precision: Precision;
    readonly header: string;
    readonly body: string;
    readonly frame: Omit<WireFrame, 'bodyBytes' | 'checksum' | 'chunkStream'>;
    readonly messages: readonly Readonly<Record<string, number | readonly number[]>>[];
  }[];
  readonly hostileHeaders: readonly {
    readonly name: string;
    readonly header: string;
    readonly code: ErrorCode;
    readonly says: string;
  }[];
  readonly hostileBodies: readonly {
    readonly name: string;
    readonly kind: string;
    readonly messageCount: number;
    readonly body: string;
    readonly code: ErrorCode;
  }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/frames.json', import.meta.url), 'utf8'),
);
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const kindCount = Object.keys(vectors.kinds).length;

function errorOf(run: () => unknown): GradswarmError {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(GradswarmError);
    return error as GradswarmError;
  }
  throw new Error('expected an error, got none');
}

describe('the frames of test/vectors/frames.json', () => {
  for (const { name, meaning, precision, header, body, frame, messages } of vectors.frames) {
    const layout = [...layoutsOf(vectors.kinds, precision).values()][frame.kindIndex]!;

    it(`${name}: ${meaning}`, () => {
      const read = readHeader(bytesOf(header), vectors.clients, kindCount);
      expect(read).to.deep.equal({
        ...frame,
        bodyBytes: bytesOf(body).length,
        checksum: crc32(bytesOf(body)),
        chunkStream: 0,
      });
      const decoded = layout
        .split(bytesOf(body), read.messageCount)
        .map((message) => layout.decode(message, read.from, null) as Record<string, unknown>);
      const plain = decoded.map(({ from: _from, ...fields }) =>
        Object.fromEntries(
          Object.entries(fields).map(([field, value]) => [
            field,
            typeof value === 'number' ? value : Array.from(value as Uint8Array),
          ]),
        ),
      );
      expect(plain).to.deep.equal(messages);
      if (decoded[0]?.counts) expect(decoded[0].counts).to.be.instanceOf(Int32Array);
      if (decoded[0]?.order) expect(decoded[0].order).to.be.instanceOf(Uint32Array);
    });

    it(`${name}: is written as these bytes`, () => {
      const encoded = messages.map((message) => layout.encode(typed(message, precision) as never, null));
      expect(joinBody({ messages: encoded })).to.deep.equal(bytesOf(body));
      const written = new Uint8Array(FRAME_HEADER_BYTES);
      const { messageCount } = frame;
      const checksum = crc32(bytesOf(body));
      writeHeader(written, frame, { messageCount, bodyBytes: bytesOf(body).length, checksum, chunkStream: 0 });
      expect(written).to.deep.equal(bytesOf(header));
    });
  }

  for (const { name, header, code, says } of vectors.hostileHeaders)
    it(`refuses ${name} with ${code}`, () => {
      const error = errorOf(() => readHeader(bytesOf(header), vectors.clients, kindCount));
      expect(error.code).to.equal(code);
      expect(error.message).to.include(says);
    });

  for (const { name, kind, messageCount, body, code } of vectors.hostileBodies)
    it(`refuses ${name} with ${code}, and allocates no more than it was sent`, () => {
      const layout = layoutsOf(vectors.kinds, 'float64').get(kind)!;
      const before = process.memoryUsage().arrayBuffers;
      const error = errorOf(() => layout.split(bytesOf(body), messageCount));
      expect(error.code).to.equal(code);
      expect(error.message).to.include(`kind '${kind}'`);
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(1 << 20);
    });
});

function typed(
  message: Readonly<Record<string, number | readonly number[]>>,
  precision: Precision,
): Record<string, unknown> {
  const vector = (values: readonly number[]) =>
    precision === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
  const make: Readonly<Record<string, (values: readonly number[]) => unknown>> = {
    counts: (values) => Int32Array.from(values),
    order: (values) => Uint32Array.from(values),
    note: (values) => Uint8Array.from(values),
  };
  return Object.fromEntries(
    Object.entries(message).map(([field, value]) => [
      field,
      typeof value === 'number' ? value : (make[field] ?? vector)(value),
    ]),
  );
}

describe('a frame header', () => {
  const party = fc.oneof(fc.constant<PartyId>('coordinator'), fc.nat(999));
  const word = fc.nat(0xffffffff);
  const header: fc.Arbitrary<WireFrame> = fc
    .record({
      kindIndex: fc.nat(39),
      round: word,
      attempt: word,
      step: word,
      from: party,
      to: party,
      arrivesAtMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      lost: fc.constantFrom(null, 'crashed', 'dropped', 'late', 'rejected', 'aborted'),
      messageCount: fc.nat(LIMITS.messagesPerFrame),
      bodyBytes: fc.nat(LIMITS.frameBodyBytes),
      checksum: word,
      chunkStream: word,
    })
    .map((frame) => ({ ...frame, bodyBytes: frame.lost === null ? frame.bodyBytes : 0 })) as fc.Arbitrary<WireFrame>;

  it('survives writing and reading, at any offset of a larger buffer', () => {
    fc.assert(
      fc.property(header, fc.nat(20), (frame, offset) => {
        const bytes = new Uint8Array(offset + FRAME_HEADER_BYTES).subarray(offset);
        writeHeader(bytes, frame, frame);
        expect(readHeader(bytes, 1000, 40)).to.deep.equal({ ...frame, arrivesAtMs: frame.arrivesAtMs + 0 });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('of any 48 bytes is read or refused with ERR_FRAME_MALFORMED', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 60 }), (bytes) => {
        bytes[0] = 1;
        try {
          readHeader(bytes, 6, 2);
        } catch (error) {
          expect((error as GradswarmError).code).to.equal('ERR_FRAME_MALFORMED');
        }
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});

describe('bytes on the wire', () => {
  it('are header, body and websocket framing: 2 bytes below 126, 4 below 65536, 10 above, and 4 for a mask', () => {
    expect(wireBytes(0, false)).to.equal(48 + 2);
    expect(wireBytes(0, true)).to.equal(48 + 2 + 4);
    expect(wireBytes(77, false)).to.equal(48 + 77 + 2);
    expect(wireBytes(78, false)).to.equal(48 + 78 + 4);
    expect(wireBytes(65487, true)).to.equal(48 + 65487 + 4 + 4);
    expect(wireBytes(65488, true)).to.equal(48 + 65488 + 10 + 4);
  });

  it('of a body of more than one chunk are those of its header alone and of its chunks with theirs', () => {
    const chunk = LIMITS.chunkBytes;
    expect(wireBytes(chunk, false)).to.equal(48 + chunk + 10);
    expect(wireBytes(chunk + 5, false)).to.equal(48 + 2 + (24 + chunk + 10) + (24 + 5 + 2));
    expect(wireBytes(2 * chunk + 100, true)).to.equal(48 + 6 + 2 * (24 + chunk + 14) + (24 + 100 + 6));
  });
});

describe('CRC-32', () => {
  it('is that of IEEE 802.3, whole or in parts', () => {
    const bytes = new TextEncoder().encode('123456789');
    expect(crc32(bytes)).to.equal(0xcbf43926);
    expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).to.equal(0xcbf43926);
  });
});

describe('the layout of headers as the tables have it', () => {
  const get = {
    u8: (view: DataView, at: number) => view.getUint8(at),
    u16: (view: DataView, at: number) => view.getUint16(at, true),
    u32: (view: DataView, at: number) => view.getUint32(at, true),
    i32: (view: DataView, at: number) => view.getInt32(at, true),
    f64: (view: DataView, at: number) => view.getFloat64(at, true),
  };
  const fieldsIn = (layout: readonly (readonly [number, keyof typeof get, string, string])[], bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Object.fromEntries(layout.map(([at, type, field]) => [field, get[type](view, at)]));
  };

  it('is where a frame is written', () => {
    const frame: WireFrame = {
      kindIndex: 513,
      round: 3,
      step: 4,
      attempt: 5,
      from: 6,
      to: 'coordinator',
      arrivesAtMs: 7.5,
      lost: 'late',
      messageCount: 8,
      bodyBytes: 9,
      checksum: 10,
      chunkStream: 11,
    };
    const bytes = new Uint8Array(FRAME_HEADER_BYTES);
    writeHeader(bytes, frame, frame);
    expect(fieldsIn(FRAME_LAYOUT, bytes)).to.deep.equal({ ...frame, type: 1, lost: 3, to: -1 });
  });

  it('is where a chunk is written', () => {
    const sent: Uint8Array[] = [];
    const channel = new FrameChannel(
      { bufferedAmount: 0, send: (message) => void sent.push(message.slice()) },
      { clientCount: 1, kindCount: 1, maxBodyBytes: 1, maxPackedBytes: 1, crc32 },
    );
    const body = new Uint8Array(LIMITS.chunkBytes + 5).fill(1);
    channel.send({ type: 'packed', body });
    expect(fieldsIn(CHUNK_LAYOUT, sent[2]!)).to.deep.equal({
      type: 2,
      stream: 1,
      offset: LIMITS.chunkBytes,
      bytes: 5,
      checksum: crc32(body),
    });
  });
});

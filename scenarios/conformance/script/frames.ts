import { crc32 } from 'node:zlib';
import { NotReached } from '../case.js';
import { packed, unpacked } from './msgpack.js';

/** Websocket messages of docs/protocol.md, Frames, written from its table; not the product's own code. */

export interface FrameFields {
  readonly lost?: number;
  readonly kind?: number;
  readonly round?: number;
  readonly step?: number;
  readonly attempt?: number;
  /** −1: the coordinator. */
  readonly from?: number;
  readonly to?: number;
  readonly arrivesAtMs?: number;
  readonly messages?: number;
  /** Left out: what the body is. */
  readonly bytes?: number;
  readonly checksum?: number;
  readonly stream?: number;
}

/** A frame with everything in it as given. */
export function frameOf(fields: FrameFields, body: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const { stream = 0 } = fields;
  const message = new Uint8Array(48 + (stream === 0 ? body.length : 0));
  const view = new DataView(message.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, fields.lost ?? 0);
  view.setUint16(2, fields.kind ?? 0, true);
  view.setUint32(4, fields.round ?? 0, true);
  view.setUint32(8, fields.step ?? 0, true);
  view.setUint32(12, fields.attempt ?? 0, true);
  view.setInt32(16, fields.from ?? -1, true);
  view.setInt32(20, fields.to ?? 0, true);
  view.setFloat64(24, fields.arrivesAtMs ?? 0, true);
  view.setUint32(32, fields.messages ?? 1, true);
  tail(view, body, fields);
  if (stream === 0) message.set(body, 48);
  return message;
}

/** A repeat: the header of a frame whose body is that of the frame before. */
export function repeatOf(fields: FrameFields, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = frameOf(fields, body).slice(0, 48);
  message[0] = 4;
  return message;
}

/** A packed message; `body`: msgpack bytes, or what is to be packed. */
export function packedOf(
  content: unknown,
  fields: Pick<FrameFields, 'bytes' | 'checksum' | 'stream'> = {},
): Uint8Array<ArrayBuffer> {
  const body = content instanceof Uint8Array ? content : packed(content);
  const { stream = 0 } = fields;
  const message = new Uint8Array(48 + (stream === 0 ? body.length : 0));
  message[0] = 3;
  tail(new DataView(message.buffer), body, fields);
  if (stream === 0) message.set(body, 48);
  return message;
}

function tail(view: DataView, body: Uint8Array, { bytes, checksum, stream = 0 }: FrameFields): void {
  view.setUint32(36, bytes ?? body.length, true);
  view.setUint32(40, checksum ?? (stream === 0 ? crc32(body) : 0), true);
  view.setUint32(44, stream, true);
}

export const CHUNK_BYTES = 1_048_576;

export function chunkOf(
  stream: number,
  offset: number,
  part: Uint8Array,
  checksum = 0,
  bytes = part.length,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(24 + part.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, 2);
  view.setUint32(4, stream, true);
  view.setFloat64(8, offset, true);
  view.setUint32(16, bytes, true);
  view.setUint32(20, checksum, true);
  message.set(part, 24);
  return message;
}

/** All chunks of a body. */
export function chunksOf(stream: number, body: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const part = body.subarray(at, at + CHUNK_BYTES);
    chunks.push(chunkOf(stream, at, part, at + part.length === body.length ? crc32(body) : 0));
  }
  return chunks;
}

/** A message of vectors (float64, or float32) and scalars. */
export function bodyOf(
  vectors: readonly (Float64Array | Float32Array | Uint8Array)[],
  scalars: readonly number[],
  counts: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;
  const data = vectors.map((vector) => new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  const body = new Uint8Array(
    8 * (vectors.length + scalars.length) + data.reduce((sum, { length }) => sum + padded(length), 0),
  );
  const view = new DataView(body.buffer);
  let at = 0;
  for (const [i, vector] of vectors.entries()) {
    view.setUint32(at, counts[i] ?? vector.length, true);
    view.setUint32(at + 4, vector.byteLength, true);
    at += 8;
  }
  for (const scalar of scalars) {
    view.setFloat64(at, scalar, true);
    at += 8;
  }
  for (const bytes of data) {
    body.set(bytes, at);
    at += padded(bytes.length);
  }
  return body;
}

export interface ReceivedFrame {
  readonly type: 'frame';
  readonly lost: number;
  readonly kind: number;
  readonly round: number;
  readonly step: number;
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  readonly arrivesAtMs: number;
  readonly messages: number;
  readonly body: Uint8Array;
  /** Every websocket message of it, as it came. */
  readonly raw: readonly Uint8Array[];
}

export interface ReceivedPacked {
  readonly type: 'packed';
  readonly content: Record<string, unknown>;
  readonly raw: readonly Uint8Array[];
}

export type Received = ReceivedFrame | ReceivedPacked;

/** Puts chunks together. Throws NotReached with what is wrong with a message. */
export class FrameReader {
  private header: Uint8Array | null = null;
  private parts: Uint8Array[] = [];
  /** The last frame, where repeats may follow it. */
  private last: ReceivedFrame | null = null;

  /** `repeats`: they were agreed on. */
  constructor(private readonly repeats = false) {}

  read(message: Uint8Array): Received | null {
    if (this.repeats && message[0] === 4) return this.repeat(message);
    const received = this.other(message);
    if (received?.type === 'frame') this.last = received;
    return received;
  }

  private repeat(message: Uint8Array): Received {
    const { last } = this;
    if (!last || this.header || message.length !== 48) throw new NotReached('a repeat that follows no frame');
    const plain = Uint8Array.from([1, ...message.subarray(1), ...last.body]);
    const view = new DataView(plain.buffer);
    const [length, checksum, stream] = [36, 40, 44].map((at) => view.getUint32(at, true)) as [number, number, number];
    const frame = whole(plain, last.body, checksum, [message]) as ReceivedFrame;
    if (length !== last.body.length || stream !== 0 || frame.kind !== last.kind || frame.messages !== last.messages)
      throw new NotReached('a repeat that says another thing of the body');
    return (this.last = frame);
  }

  private other(message: Uint8Array): Received | null {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
    const type = message[0];
    if (type === 2) return this.chunk(message, view);
    if (type !== 1 && type !== 3) throw new NotReached(`a frame message of type ${type}`);
    if (message.length < 48) throw new NotReached(`a header of ${message.length} bytes`);
    if (this.header) throw new NotReached('a header between the chunks of a body');
    const [length, checksum, stream] = [36, 40, 44].map((at) => view.getUint32(at, true)) as [number, number, number];
    if (stream !== 0) {
      if (message.length !== 48) throw new NotReached('a body beside the number of its chunks');
      this.header = message;
      this.parts = [];
      return null;
    }
    const body = message.subarray(48);
    if (body.length !== length) throw new NotReached(`a header that announces ${length} bytes before ${body.length}`);
    return whole(message, body, checksum, [message]);
  }

  private chunk(message: Uint8Array, view: DataView): Received | null {
    const { header } = this;
    if (!header || message.length < 24) throw new NotReached('a chunk of no body');
    const head = new DataView(header.buffer, header.byteOffset, 48);
    const filled = this.parts.reduce((sum, { length }) => sum + length - 24, 0);
    const [stream, bytes, checksum] = [4, 16, 20].map((at) => view.getUint32(at, true)) as [number, number, number];
    const [expectedStream, offset] = [head.getUint32(44, true), view.getFloat64(8, true)];
    if (stream !== expectedStream || offset !== filled || bytes !== message.length - 24)
      throw new NotReached(
        `a chunk of stream ${stream} at ${offset} with ${bytes} bytes, after ${filled} of stream ${expectedStream}`,
      );
    this.parts.push(message);
    const total = head.getUint32(36, true);
    const left = total - filled - bytes;
    if (left < 0) throw new NotReached(`chunks beyond the ${total} bytes that were announced`);
    if (left > 0 && bytes !== CHUNK_BYTES) throw new NotReached(`a chunk of ${bytes} bytes that is not the last`);
    if (left > 0 && checksum !== 0) throw new NotReached('a checksum in a chunk that is not the last');
    if (left > 0) return null;
    const body = new Uint8Array(total);
    let at = 0;
    for (const part of this.parts) {
      body.set(part.subarray(24), at);
      at += part.length - 24;
    }
    this.header = null;
    return whole(header, body, checksum, [header, ...this.parts]);
  }
}

function whole(header: Uint8Array, body: Uint8Array, checksum: number, raw: readonly Uint8Array[]): Received {
  if (crc32(body) !== checksum)
    throw new NotReached(`a body with the checksum ${checksum.toString(16)}, which is ${crc32(body).toString(16)}`);
  if (header[0] === 3) return { type: 'packed', content: unpacked(body) as Record<string, unknown>, raw };
  const view = new DataView(header.buffer, header.byteOffset, 48);
  return {
    type: 'frame',
    lost: view.getUint8(1),
    kind: view.getUint16(2, true),
    round: view.getUint32(4, true),
    step: view.getUint32(8, true),
    attempt: view.getUint32(12, true),
    from: view.getInt32(16, true),
    to: view.getInt32(20, true),
    arrivesAtMs: view.getFloat64(24, true),
    messages: view.getUint32(32, true),
    body,
    raw,
  };
}

export const doubles = (...values: number[]): Float64Array<ArrayBuffer> => Float64Array.from(values);
export const hex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));

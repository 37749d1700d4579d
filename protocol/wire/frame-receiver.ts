import { GradswarmError } from '../errors.js';
import { CHUNK_HEADER_BYTES, FRAME_HEADER_BYTES, MESSAGE_TYPE, readHeader, type WireFrame } from './frame.js';
import { SharedBody } from './shared-body.js';
import { SpareMemory } from './spare-memory.js';

/** What a channel delivers: whole frames whose checksum was verified, or a frame marked as damaged. */
export type Incoming =
  | {
      readonly type: 'frame';
      readonly header: WireFrame;
      readonly body: Uint8Array;
      readonly intact: boolean;
      /** Called once: this frame's body is not read any more. */
      readonly release: () => void;
    }
  | { readonly type: 'packed'; readonly body: Uint8Array };

export interface ReceiverOptions {
  readonly clientCount: number;
  readonly kindCount: number;
  /** CRC-32, continued from that of the bytes before; hosts have a native one. */
  readonly crc32: (bytes: Uint8Array, previous?: number) => number;
  /** Largest body and packed message to accept, bytes: what the run's model can need. */
  readonly maxBodyBytes: number;
  readonly maxPackedBytes: number;
  /** The kernel alone carries the bytes: a checksum of 0 means that none was taken. Left out: they are taken and compared. */
  readonly isLocal?: boolean;
  /** The other end may send a frame whose body has just come as its header alone. Left out: it may not. */
  readonly repeats?: boolean;
  /** Memory for a body that comes in chunks, not cleared: it is not seen before it is full. Left out: cleared memory. */
  readonly room?: (bytes: number) => Uint8Array;
}

/** Memory kept for the next bodies that come in chunks, of each socket. */
const SPARE_BYTES = 64 << 20;

/** A body that comes in chunks; its checksum is taken chunk by chunk, while their bytes are still in the cache. */
interface Assembly {
  readonly header: WireFrame | null;
  readonly bytes: number;
  /** Null: its first chunk has not come. That of the body before may be free by then. */
  body: Uint8Array | null;
  checksum: number;
  filled: number;
}

/** Puts frames and packed messages together from the websocket messages of one connection. */
export class FrameReceiver {
  private readonly assemblies = new Map<number, Assembly>();
  /** The last frame, where the next ones may have the same body: that they may still come is one user of it. */
  private last: { readonly incoming: Incoming & { type: 'frame' }; readonly body: SharedBody } | null = null;

  private readonly spare: SpareMemory;

  /** `reuse`: memory of a message that is not read any more. */
  constructor(
    private readonly options: ReceiverOptions,
    private readonly reuse: (message: Uint8Array) => void = () => {},
  ) {
    this.spare = new SpareMemory(SPARE_BYTES, options.room);
  }

  /** Null while a body is incomplete. Throws ERR_FRAME_MALFORMED and ERR_FRAME_LENGTH before allocating what was not announced within bounds. */
  receive(received: Uint8Array): Incoming | null {
    // A Node Buffer is a Uint8Array whose slice() does not copy; nothing above here should have to know.
    const message = new Uint8Array(received.buffer, received.byteOffset, received.byteLength);
    switch (message[0]) {
      case MESSAGE_TYPE.frame:
        return this.receiveFrame(message);
      case MESSAGE_TYPE.packed:
        return this.receivePacked(message);
      case MESSAGE_TYPE.chunk:
        return this.receiveChunk(message);
      case MESSAGE_TYPE.repeat:
        return this.receiveRepeat(message);
      default:
        throw unexpected(message[0]);
    }
  }

  private receiveFrame(message: Uint8Array): Incoming | null {
    const header = readHeader(message, this.options.clientCount, this.options.kindCount);
    return this.open(header, header.bodyBytes, header.checksum, header.chunkStream, message);
  }

  /** A header alone: the body is that of the last frame, and so are its length and checksum. */
  private receiveRepeat(message: Uint8Array): Incoming {
    if (!this.options.repeats) throw unexpected(message[0]);
    const header = readHeader(message, this.options.clientCount, this.options.kindCount);
    const { last } = this;
    if (
      !last ||
      this.assemblies.size > 0 ||
      message.byteLength !== FRAME_HEADER_BYTES ||
      !hasBodyOf(header, last.incoming.header)
    )
      throw new GradswarmError('ERR_FRAME_MALFORMED', 'a repeat that does not follow a frame with the same body');
    return { ...last.incoming, header, release: last.body.use() };
  }

  private receivePacked(message: Uint8Array): Incoming | null {
    if (message.byteLength < FRAME_HEADER_BYTES)
      throw new GradswarmError('ERR_FRAME_MALFORMED', `a packed message of ${message.byteLength} bytes`);
    const view = new DataView(message.buffer, message.byteOffset, FRAME_HEADER_BYTES);
    return this.open(null, view.getUint32(36, true), view.getUint32(40, true), view.getUint32(44, true), message);
  }

  private open(
    header: WireFrame | null,
    length: number,
    checksum: number,
    stream: number,
    message: Uint8Array,
  ): Incoming | null {
    const limit = header ? this.options.maxBodyBytes : this.options.maxPackedBytes;
    if (length > limit)
      throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of at most ${limit} bytes, got ${length}`);
    if (this.assemblies.size > 0)
      throw new GradswarmError('ERR_FRAME_MALFORMED', 'a new body before the last one was complete');
    if (stream === 0) {
      const body = message.subarray(FRAME_HEADER_BYTES);
      if (body.byteLength !== length)
        throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of ${length} bytes, got ${body.byteLength}`);
      return this.whole(header, body, this.matches(body, checksum), () => this.reuse(message));
    }
    this.assemblies.set(stream, {
      header,
      bytes: length,
      body: null,
      checksum: 0,
      filled: 0,
    });
    return null;
  }

  private receiveChunk(message: Uint8Array): Incoming | null {
    if (message.byteLength < CHUNK_HEADER_BYTES)
      throw new GradswarmError('ERR_FRAME_MALFORMED', `a chunk of ${message.byteLength} bytes`);
    const view = new DataView(message.buffer, message.byteOffset, CHUNK_HEADER_BYTES);
    const stream = view.getUint32(4, true);
    const offset = view.getFloat64(8, true);
    const assembly = this.assemblies.get(stream);
    const data = message.subarray(CHUNK_HEADER_BYTES);
    if (!assembly || offset !== assembly.filled || data.byteLength !== view.getUint32(16, true))
      throw new GradswarmError(
        'ERR_FRAME_MALFORMED',
        `a chunk that does not follow: stream ${stream}, offset ${offset}`,
      );
    const { bytes } = assembly;
    if (offset + data.byteLength > bytes || data.byteLength === 0)
      throw new GradswarmError('ERR_FRAME_LENGTH', `a chunk beyond the ${bytes} announced bytes`);
    const body = (assembly.body ??= this.spare.take(bytes));
    body.set(data, offset);
    if (!this.options.isLocal) assembly.checksum = this.options.crc32(data, assembly.checksum);
    assembly.filled += data.byteLength;
    if (assembly.filled < bytes) return null;
    this.assemblies.delete(stream);
    const announced = view.getUint32(20, true);
    const header = assembly.header && { ...assembly.header, checksum: announced };
    const isIntact = this.options.isLocal ? this.matches(body, announced) : assembly.checksum === announced;
    return this.whole(header, body, isIntact, () => this.spare.give(body));
  }

  private matches(body: Uint8Array, checksum: number): boolean {
    return (this.options.isLocal && checksum === 0) || this.options.crc32(body) === checksum;
  }

  private whole(header: WireFrame | null, body: Uint8Array, intact: boolean, release: () => void): Incoming {
    if (header) {
      if (!this.options.repeats) return { type: 'frame', header, body, intact, release };
      this.last?.body.drop();
      const shared = new SharedBody(release);
      const incoming = { type: 'frame', header, body, intact, release: shared.use() } as const;
      this.last = { incoming, body: shared };
      return incoming;
    }
    if (!intact) throw new GradswarmError('ERR_FRAME_CHECKSUM', 'a packed message was corrupted in transit');
    return { type: 'packed', body };
  }
}

function unexpected(type: number | undefined): GradswarmError {
  return new GradswarmError('ERR_FRAME_MALFORMED', `expected message type 1, 2 or 3, got ${type}`);
}

function hasBodyOf(header: WireFrame, last: WireFrame): boolean {
  return (
    header.lost === null &&
    header.chunkStream === 0 &&
    header.kindIndex === last.kindIndex &&
    header.messageCount === last.messageCount &&
    header.bodyBytes === last.bodyBytes &&
    header.checksum === last.checksum
  );
}

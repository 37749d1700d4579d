import { GradswarmError } from './error-codes.js';
import {
  CHUNK_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  type Frame,
  joinBody,
  MESSAGE_TYPE,
  readHeader,
  type WireFrame,
  writeHeader,
} from './frame.js';
import type { KindLayout } from './layout.js';
import { LIMITS } from './limits.js';

/** A websocket, as this needs it: `ws` in Node, the browser's own elsewhere. */
export interface MessageSocket {
  /** Bytes given to `send` that have not left yet. */
  readonly bufferedAmount: number;
  send(message: Uint8Array): void;
}

/** What a channel hands up. A frame's body is whole and its checksum has been verified (or it says it was not right). */
export type Incoming =
  | { readonly type: 'frame'; readonly header: WireFrame; readonly body: Uint8Array; readonly intact: boolean }
  | { readonly type: 'packed'; readonly body: Uint8Array };

/** Something to send: a frame of a party, a frame that is only passed on, or msgpack bytes. */
export type Outgoing =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'relay'; readonly header: WireFrame; readonly body: Uint8Array }
  | { readonly type: 'packed'; readonly body: Uint8Array };

export interface ChannelOptions {
  readonly clientCount: number;
  readonly kindCount: number;
  /** CRC-32; hosts have a native one. */
  readonly crc32: (bytes: Uint8Array) => number;
  /** Largest body to accept, bytes: what the run's model can need. */
  readonly maxBodyBytes: number;
}

interface Assembly {
  readonly header: WireFrame | null;
  readonly body: Uint8Array;
  readonly checksum: number;
  filled: number;
}

/**
 * Frames over one websocket: cut into chunks on the way out and put together on the way in. Frames wait here as references to
 * their vectors and become bytes only while the socket has room, so a broadcast of a large model costs its vectors once.
 */
export class FrameChannel {
  /** Bytes of websocket messages that carried frames of this process's parties, websocket framing not included. */
  sentFrameBytes = 0;
  private readonly queue: Outgoing[] = [];
  /** The body that is being cut, and how far. */
  private current: {
    readonly body: Uint8Array;
    readonly stream: number;
    at: number;
    readonly counted: boolean;
  } | null = null;
  private readonly assemblies = new Map<number, Assembly>();
  private nextStream = 1;
  private roomWaiters: (() => void)[] = [];

  constructor(
    private readonly socket: MessageSocket,
    private readonly options: ChannelOptions,
  ) {}

  send(outgoing: Outgoing): void {
    this.queue.push(outgoing);
    this.pump();
  }

  /** Call when the socket's buffer has become smaller. */
  pump(): void {
    while (this.socket.bufferedAmount < LIMITS.sendQueueBytes) {
      if (this.current) this.sendChunk();
      else {
        const next = this.queue.shift();
        if (!next) break;
        this.begin(next);
      }
    }
    if (this.idle) for (const wake of this.roomWaiters.splice(0)) wake();
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.current === null;
  }

  /** Resolves when everything has been handed to the socket. */
  drained(): Promise<void> {
    return this.idle ? Promise.resolve() : new Promise((resolve) => this.roomWaiters.push(resolve));
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
      default:
        throw new GradswarmError('ERR_FRAME_MALFORMED', `expected message type 1, 2 or 3, got ${message[0]}`);
    }
  }

  private begin(outgoing: Outgoing): void {
    if (outgoing.type === 'packed') this.write(null, outgoing.body, false);
    else if (outgoing.type === 'relay') this.write(outgoing.header, outgoing.body, false);
    else {
      const { frame } = outgoing;
      const body = frame.tampered?.body ?? joinBody(frame);
      const header: WireFrame = {
        ...frame,
        messageCount: frame.messages.length,
        bodyBytes: body.byteLength,
        checksum: frame.tampered?.checksum ?? this.options.crc32(body),
        chunkStream: 0,
      };
      this.write(header, body, true);
    }
  }

  private write(header: WireFrame | null, body: Uint8Array, counted: boolean): void {
    const whole = body.byteLength <= LIMITS.chunkBytes;
    const stream = whole ? 0 : this.nextStream++ >>> 0;
    const message = new Uint8Array(FRAME_HEADER_BYTES + (whole ? body.byteLength : 0));
    if (header) writeHeader(message, { ...header, chunkStream: stream });
    else writePackedHeader(message, body.byteLength, this.options.crc32(body), stream);
    if (whole) message.set(body, FRAME_HEADER_BYTES);
    else this.current = { body, stream, at: 0, counted };
    if (counted) this.sentFrameBytes += message.byteLength;
    this.socket.send(message);
  }

  private sendChunk(): void {
    const { body, stream, at, counted } = this.current!;
    const length = Math.min(LIMITS.chunkBytes, body.byteLength - at);
    const message = new Uint8Array(CHUNK_HEADER_BYTES + length);
    const view = new DataView(message.buffer);
    view.setUint8(0, MESSAGE_TYPE.chunk);
    view.setUint32(4, stream, true);
    view.setFloat64(8, at, true);
    view.setUint32(16, length, true);
    message.set(body.subarray(at, at + length), CHUNK_HEADER_BYTES);
    if (counted) this.sentFrameBytes += message.byteLength;
    this.current!.at += length;
    if (this.current!.at >= body.byteLength) this.current = null;
    this.socket.send(message);
  }

  private receiveFrame(message: Uint8Array): Incoming | null {
    const header = readHeader(message, this.options.clientCount, this.options.kindCount);
    return this.open(header, header.bodyBytes, header.checksum, header.chunkStream, message);
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
    const limit = header ? this.options.maxBodyBytes : LIMITS.packedBytes;
    if (length > limit)
      throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of at most ${limit} bytes, got ${length}`);
    if (stream === 0) {
      const body = message.subarray(FRAME_HEADER_BYTES);
      if (body.byteLength !== length)
        throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of ${length} bytes, got ${body.byteLength}`);
      return this.whole(header, body, checksum);
    }
    if (this.assemblies.size > 0)
      throw new GradswarmError('ERR_FRAME_MALFORMED', 'a new body before the last one was complete');
    this.assemblies.set(stream, { header, body: new Uint8Array(length), checksum, filled: 0 });
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
    if (offset + data.byteLength > assembly.body.byteLength || data.byteLength === 0)
      throw new GradswarmError('ERR_FRAME_LENGTH', `a chunk beyond the ${assembly.body.byteLength} announced bytes`);
    assembly.body.set(data, offset);
    assembly.filled += data.byteLength;
    if (assembly.filled < assembly.body.byteLength) return null;
    this.assemblies.delete(stream);
    return this.whole(assembly.header, assembly.body, assembly.checksum);
  }

  private whole(header: WireFrame | null, body: Uint8Array, checksum: number): Incoming {
    const intact = this.options.crc32(body) === checksum;
    if (header) return { type: 'frame', header, body, intact };
    if (!intact) throw new GradswarmError('ERR_FRAME_CHECKSUM', 'a packed message was changed on its way');
    return { type: 'packed', body };
  }
}

function writePackedHeader(message: Uint8Array, bodyLength: number, checksum: number, stream: number): void {
  const view = new DataView(message.buffer);
  view.setUint8(0, MESSAGE_TYPE.packed);
  view.setUint32(36, bodyLength, true);
  view.setUint32(40, checksum, true);
  view.setUint32(44, stream, true);
}

/** Largest body that a run with this many parameters can need: some vectors a message, a few hundred messages a frame. */
export function maxBodyBytes(parameterCount: number): number {
  return Math.min(LIMITS.frameBodyBytes, (64 << 20) + 64 * 8 * parameterCount);
}

/** The frame with its body cut into messages. One that was changed on its way, or whose lengths do not fit, is refused. */
export function openFrame(
  { header, body, intact }: Incoming & { type: 'frame' },
  layouts: readonly KindLayout[],
): Frame {
  const { messageCount, bodyBytes: _bytes, checksum: _checksum, chunkStream: _stream, ...address } = header;
  if (!intact) return { ...address, lost: 'rejected', messages: [] };
  try {
    return { ...address, messages: layouts[header.kindIndex]!.split(body, messageCount) };
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    return { ...address, lost: 'rejected', messages: [] };
  }
}

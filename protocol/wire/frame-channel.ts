import { GradswarmError } from '../errors.js';
import {
  bodyBytes,
  bodyParts,
  CHUNK_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  type Frame,
  MESSAGE_TYPE,
  readHeader,
  type WireFrame,
  writeHeader,
} from './frame.js';
import type { KindLayout } from './layout.js';
import { LIMITS } from './limits.js';
import type { MessageSocket } from './message-socket.js';

/** Chunks kept for the next body, of each socket. */
const SPARE_CHUNKS = 16;

/** Frames that wait for others to leave with them do so up to here, bytes. */
const CORKED_BYTES = 256 << 10;

/** What a channel delivers: whole frames whose checksum was verified, or a frame marked as damaged. */
export type Incoming =
  | { readonly type: 'frame'; readonly header: WireFrame; readonly body: Uint8Array; readonly intact: boolean }
  | { readonly type: 'packed'; readonly body: Uint8Array };

/** Something to send: a frame of a party, a frame that is only passed on, or msgpack bytes. */
export type Outgoing =
  | { readonly type: 'frame'; readonly frame: Frame }
  | {
      readonly type: 'relay';
      readonly header: WireFrame;
      readonly body: Uint8Array;
      /** It waits in the channel no longer. */
      readonly left?: () => void;
    }
  | { readonly type: 'packed'; readonly body: Uint8Array };

export interface ChannelOptions {
  readonly clientCount: number;
  readonly kindCount: number;
  /** CRC-32, continued from that of the bytes before; hosts have a native one. */
  readonly crc32: (bytes: Uint8Array, previous?: number) => number;
  /** Largest body and packed message to accept, bytes: what the run's model can need. */
  readonly maxBodyBytes: number;
  readonly maxPackedBytes: number;
  /** Does the work once the event loop has turned: frames sent until then leave together. Left out: none wait. */
  readonly defer?: (work: () => void) => void;
}

/** A body that comes in chunks; its checksum is taken chunk by chunk, while their bytes are still in the cache. */
interface Assembly {
  readonly header: WireFrame | null;
  readonly body: Uint8Array;
  checksum: number;
  filled: number;
}

/** A body on its way out: the parts that make it up, and how much of them has been cut off. */
interface OutgoingBody {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly stream: number;
  readonly counted: boolean;
  /** Known beforehand, or null: then it is summed as the body is cut. */
  readonly checksum: number | null;
  readonly messages: Frame['messages'] | null;
  sum: number;
  at: number;
  part: number;
  partAt: number;
}

/**
 * Frames over one websocket: cut into chunks on the way out and put together on the way in. Frames wait here as references to
 * their vectors and become bytes only while the socket has room, so a broadcast of a large model costs its vectors once.
 */
export class FrameChannel {
  /** Bytes of websocket messages that carried frames of this process's parties, websocket framing not included. */
  sentFrameBytes = 0;
  private readonly queue: Outgoing[] = [];
  /** The body that is being cut. */
  private current: OutgoingBody | null = null;
  /** Chunks that have left, to be filled again: fresh memory costs more than the copy into it. */
  private readonly spareChunks: Uint8Array[] = [];
  /** Of the last large body: a broadcast sends the same messages to one receiver after the other. */
  private summed: { readonly messages: Frame['messages']; readonly checksum: number } | null = null;
  private readonly assemblies = new Map<number, Assembly>();
  private nextStream = 1;
  private corked = false;
  private corkedBytes = 0;
  /** What has been handed to the socket, in whole or in part, and that it has not reported as sent. */
  private readonly kept: Outgoing[] = [];
  private roomWaiters: (() => void)[] = [];

  constructor(
    private readonly socket: Pick<MessageSocket, 'bufferedAmount' | 'send' | 'cork' | 'uncork'>,
    private readonly options: ChannelOptions,
  ) {}

  send(outgoing: Outgoing): void {
    const { defer } = this.options;
    if (defer && !this.corked) {
      this.corked = true;
      this.corkedBytes = 0;
      this.socket.cork?.();
      defer(() => this.uncork());
    }
    this.queue.push(outgoing);
    this.pump();
  }

  private uncork(): void {
    if (!this.corked) return;
    this.corked = false;
    this.socket.uncork?.();
  }

  /** Call when the socket's buffer has become smaller. */
  pump(): void {
    while (this.socket.bufferedAmount < LIMITS.sendQueueBytes) {
      if (this.current) this.sendChunk();
      else {
        const next = this.queue.shift();
        if (!next) break;
        if (next.type === 'relay') next.left?.();
        this.begin(next);
      }
      if (this.corkedBytes > CORKED_BYTES) this.uncork();
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

  /** Ends the channel: what the socket has not reported as sent, or was not handed to it, in order. */
  takeUnsent(): readonly Outgoing[] {
    const unsent = [...this.kept.splice(0), ...this.queue.splice(0)];
    this.current = null;
    for (const wake of this.roomWaiters.splice(0)) wake();
    return unsent;
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
    this.kept.push(outgoing);
    if (outgoing.type === 'packed') this.write(null, [outgoing.body], outgoing.body.byteLength, null, false);
    else if (outgoing.type === 'relay') {
      const { header, body } = outgoing;
      this.write(header, [body], body.byteLength, header.checksum, false);
    } else {
      const { frame } = outgoing;
      const { tampered } = frame;
      const parts = tampered ? [tampered.body] : bodyParts(frame);
      const bytes = tampered ? tampered.body.byteLength : bodyBytes(frame);
      const header: WireFrame = {
        ...frame,
        messageCount: frame.messages.length,
        bodyBytes: bytes,
        checksum: 0,
        chunkStream: 0,
      };
      this.write(header, parts, bytes, tampered?.checksum ?? null, true, frame.messages);
    }
  }

  /** `checksum` null: that of the parts. */
  private write(
    header: WireFrame | null,
    parts: readonly Uint8Array[],
    bytes: number,
    checksum: number | null,
    counted: boolean,
    messages: Frame['messages'] | null = null,
  ): void {
    const whole = bytes <= LIMITS.chunkBytes;
    const stream = whole ? 0 : this.nextStream++ >>> 0;
    const message = new Uint8Array(FRAME_HEADER_BYTES + (whole ? bytes : 0));
    if (whole) joinInto(message, FRAME_HEADER_BYTES, parts);
    // A body in chunks is summed as it is cut: its last chunk carries the checksum.
    const sum = whole ? (checksum ?? this.options.crc32(message.subarray(FRAME_HEADER_BYTES))) : 0;
    if (header) writeHeader(message, { ...header, checksum: sum, chunkStream: stream });
    else writePackedHeader(message, bytes, sum, stream);
    if (!whole) {
      const known = checksum ?? (messages !== null && this.summed?.messages === messages ? this.summed.checksum : null);
      this.current = { parts, bytes, stream, counted, checksum: known, messages, sum: 0, at: 0, part: 0, partAt: 0 };
    }
    if (counted) this.sentFrameBytes += message.byteLength;
    this.corkedBytes += message.byteLength;
    this.socket.send(message, whole ? this.allSent : this.pumpAgain);
  }

  private readonly pumpAgain = (): void => this.pump();

  /** The last message of the oldest that is kept. */
  private readonly allSent = (): void => {
    this.kept.shift();
    this.pump();
  };

  private sendChunk(): void {
    const body = this.current!;
    const length = Math.min(LIMITS.chunkBytes, body.bytes - body.at);
    const whole = length === LIMITS.chunkBytes;
    const message = (whole && this.spareChunks.pop()) || new Uint8Array(CHUNK_HEADER_BYTES + length);
    const view = new DataView(message.buffer);
    view.setUint8(0, MESSAGE_TYPE.chunk);
    view.setUint32(4, body.stream, true);
    view.setFloat64(8, body.at, true);
    view.setUint32(16, length, true);
    cutInto(message, CHUNK_HEADER_BYTES, body);
    if (body.checksum === null) body.sum = this.options.crc32(message.subarray(CHUNK_HEADER_BYTES), body.sum);
    if (body.counted) this.sentFrameBytes += message.byteLength;
    body.at += length;
    const last = body.at >= body.bytes;
    view.setUint32(20, last ? (body.checksum ?? body.sum) : 0, true);
    if (last) this.finish(body);
    this.corkedBytes += message.byteLength;
    this.socket.send(message, (memory = message) => {
      if (memory.byteLength === CHUNK_HEADER_BYTES + LIMITS.chunkBytes && this.spareChunks.length < SPARE_CHUNKS)
        this.spareChunks.push(memory);
      if (last) this.allSent();
      else this.pump();
    });
  }

  private finish({ messages, checksum, sum }: OutgoingBody): void {
    this.current = null;
    if (messages !== null && checksum === null) this.summed = { messages, checksum: sum };
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
    const limit = header ? this.options.maxBodyBytes : this.options.maxPackedBytes;
    if (length > limit)
      throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of at most ${limit} bytes, got ${length}`);
    if (this.assemblies.size > 0)
      throw new GradswarmError('ERR_FRAME_MALFORMED', 'a new body before the last one was complete');
    if (stream === 0) {
      const body = message.subarray(FRAME_HEADER_BYTES);
      if (body.byteLength !== length)
        throw new GradswarmError('ERR_FRAME_LENGTH', `expected a body of ${length} bytes, got ${body.byteLength}`);
      return this.whole(header, body, this.options.crc32(body) === checksum);
    }
    this.assemblies.set(stream, {
      header,
      body: new Uint8Array(length),
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
    if (offset + data.byteLength > assembly.body.byteLength || data.byteLength === 0)
      throw new GradswarmError('ERR_FRAME_LENGTH', `a chunk beyond the ${assembly.body.byteLength} announced bytes`);
    assembly.body.set(data, offset);
    assembly.checksum = this.options.crc32(data, assembly.checksum);
    assembly.filled += data.byteLength;
    if (assembly.filled < assembly.body.byteLength) return null;
    this.assemblies.delete(stream);
    const announced = view.getUint32(20, true);
    const header = assembly.header && { ...assembly.header, checksum: announced };
    return this.whole(header, assembly.body, assembly.checksum === announced);
  }

  private whole(header: WireFrame | null, body: Uint8Array, intact: boolean): Incoming {
    if (header) return { type: 'frame', header, body, intact };
    if (!intact) throw new GradswarmError('ERR_FRAME_CHECKSUM', 'a packed message was corrupted in transit');
    return { type: 'packed', body };
  }
}

function joinInto(message: Uint8Array, at: number, parts: readonly Uint8Array[]): void {
  for (const part of parts) {
    message.set(part, at);
    at += part.byteLength;
  }
}

/** Fills the message, from position `at` on, with what comes next of the body. */
function cutInto(message: Uint8Array, at: number, body: OutgoingBody): void {
  while (at < message.byteLength) {
    const part = body.parts[body.part]!;
    const length = Math.min(message.byteLength - at, part.byteLength - body.partAt);
    message.set(part.subarray(body.partAt, body.partAt + length), at);
    at += length;
    body.partAt += length;
    if (body.partAt < part.byteLength) return;
    body.part++;
    body.partAt = 0;
  }
}

function writePackedHeader(message: Uint8Array, bodyLength: number, checksum: number, stream: number): void {
  const view = new DataView(message.buffer);
  view.setUint8(0, MESSAGE_TYPE.packed);
  view.setUint32(36, bodyLength, true);
  view.setUint32(40, checksum, true);
  view.setUint32(44, stream, true);
}

/** Memory of a frame and of a message beside their bodies, about. */
const FRAME_BYTES = 512;
const MESSAGE_BYTES = 256;

/** The frame with its body cut into messages. One that was changed on its way, or whose lengths do not fit, is refused. */
export function openFrame(
  { header, body, intact }: Incoming & { type: 'frame' },
  layouts: readonly KindLayout[],
): Frame {
  const { messageCount, bodyBytes: _bytes, checksum: _checksum, chunkStream: _stream, ...address } = header;
  const receivedBytes = body.byteLength + FRAME_BYTES + MESSAGE_BYTES * messageCount;
  if (!intact) return { ...address, receivedBytes, lost: 'rejected', messages: [] };
  try {
    return { ...address, receivedBytes, messages: layouts[header.kindIndex]!.split(body, messageCount) };
  } catch (error) {
    if (!(error instanceof GradswarmError)) throw error;
    return { ...address, receivedBytes, lost: 'rejected', messages: [] };
  }
}

import {
  bodyBytes,
  bodyParts,
  CHUNK_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  type Frame,
  frameBytes,
  MESSAGE_TYPE,
  type WireFrame,
  writeHeader,
} from './frame.js';
import { FrameReceiver, type Incoming, type ReceiverOptions } from './frame-receiver.js';
import { LIMITS } from './limits.js';
import type { MessageSocket } from './message-socket.js';
import { cutInto, joinInto, type OutgoingBody } from './outgoing-body.js';
import { SpareMemory } from './spare-memory.js';

/** Memory kept for the next messages, of each socket. */
const SPARE_BYTES = LIMITS.sendQueueBytes + (1 << 20);

/** Frames that wait for others to leave with them do so up to here, bytes. */
const CORKED_BYTES = 512 << 10;

/**
 * From here on the system takes what has been made before more is: it is still in the cache then, and the other end does not wait
 * while a whole send queue is made. With less, the system does more for each byte.
 */
const UNWRITTEN_BYTES = 512 << 10;

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
  | {
      readonly type: 'packed';
      readonly body: Uint8Array;
      /** As of a frame that is passed on. */
      readonly left?: () => void;
    };

export interface ChannelOptions extends ReceiverOptions {
  /** The other end takes a frame whose body has just been sent as its header alone. Left out: it does not. */
  readonly sendsRepeats?: boolean;
  /** Does the work once the event loop has turned: frames sent until then leave together. Left out: none wait. */
  readonly defer?: (work: () => void) => void;
}

/**
 * Frames over one websocket: cut into chunks on the way out and put together on the way in. Frames wait here as references to
 * their vectors and become bytes only while the socket has room, so a broadcast of a large model costs its vectors once.
 */
export class FrameChannel {
  /**
   * Bytes of websocket messages that carried frames of this process's parties, websocket framing not included; of repeats as many as
   * of frames with their body, so that they do not depend on who hosts whom.
   */
  sentFrameBytes = 0;
  /** Those of them that were not sent: of the bodies of repeats. */
  savedBytes = 0;
  private readonly queue: Outgoing[] = [];
  /** The body that is being cut. */
  private current: OutgoingBody | null = null;
  private readonly spare = new SpareMemory(SPARE_BYTES);
  /** Of the last body of this process's parties: a broadcast sends the same messages to one receiver after the other. */
  private summed: { readonly messages: Frame['messages']; readonly checksum: number } | null = null;
  /** Messages of the last frame that was sent; null: none, or a body that is not theirs. */
  private last: Frame['messages'] | null = null;
  private readonly receiver: FrameReceiver;
  private nextStream = 1;
  private corked = false;
  private corkedBytes = 0;
  /** What has been handed to the socket, in whole or in part, and that it has not reported as sent. */
  private readonly kept: Outgoing[] = [];
  private roomWaiters: (() => void)[] = [];
  /** Websocket messages that the socket has reported as sent. */
  sentMessages = 0;

  constructor(
    private readonly socket: Pick<
      MessageSocket,
      'bufferedAmount' | 'unwrittenBytes' | 'send' | 'reuse' | 'cork' | 'uncork'
    > &
      Partial<Pick<MessageSocket, 'on'>>,
    private readonly options: ChannelOptions,
  ) {
    this.receiver = new FrameReceiver(options, (message) => socket.reuse?.(message));
    socket.on?.('drain', () => this.refill());
  }

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

  /** What follows leaves in one piece. */
  private refill(): void {
    if (this.idle) return;
    this.socket.cork?.();
    this.pump();
    this.socket.uncork?.();
  }

  private get hasRoom(): boolean {
    const { bufferedAmount, unwrittenBytes = 0 } = this.socket;
    return bufferedAmount < LIMITS.sendQueueBytes && unwrittenBytes < UNWRITTEN_BYTES;
  }

  /** Call when the socket's buffer has become smaller. */
  pump(): void {
    while (this.hasRoom) {
      if (this.current) this.sendChunk();
      else {
        const next = this.queue.shift();
        if (!next) break;
        if (next.type !== 'frame') next.left?.();
        this.begin(next);
      }
      if (this.corkedBytes > CORKED_BYTES) this.uncork();
    }
    if (this.idle) for (const wake of this.roomWaiters.splice(0)) wake();
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.current === null;
  }

  /** Has the socket taken everything, and reported it as sent? */
  get isSent(): boolean {
    return this.idle && this.kept.length === 0;
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

  /** Null while a body is incomplete. Throws ERR_FRAME_MALFORMED and ERR_FRAME_LENGTH. */
  receive(received: Uint8Array): Incoming | null {
    const incoming = this.receiver.receive(received);
    // The body has a copy of it.
    if (received[0] === MESSAGE_TYPE.chunk) this.socket.reuse?.(received);
    return incoming;
  }

  private begin(outgoing: Outgoing): void {
    this.kept.push(outgoing);
    if (outgoing.type === 'packed') this.write(null, 0, [outgoing.body], outgoing.body.byteLength, this.untaken, false);
    else if (outgoing.type === 'relay') {
      const { header, body } = outgoing;
      this.last = null;
      this.write(header, header.messageCount, [body], body.byteLength, header.checksum || this.untaken, false);
    } else {
      const { frame } = outgoing;
      const { tampered } = frame;
      if (this.isRepeat(frame)) return this.repeat(frame);
      this.last = tampered ? null : frame.messages;
      const parts = tampered ? [tampered.body] : bodyParts(frame);
      const bytes = tampered ? tampered.body.byteLength : bodyBytes(frame);
      // Never that of a frame without one: 1 is not the checksum of these bytes either.
      const checksum = tampered ? tampered.checksum || Number(this.untaken === 0) : this.untaken;
      this.write(frame, frame.messages.length, parts, bytes, checksum, true, frame.messages);
    }
  }

  /** A broadcast sends the same messages to one receiver after the other: the next has their body already. */
  private isRepeat({ tampered, messages }: Frame): boolean {
    return (
      this.options.sendsRepeats === true &&
      !tampered &&
      messages.length > 0 &&
      messages === this.last &&
      messages === this.summed?.messages
    );
  }

  /** 0: where no checksum is taken; null: it is taken of what is sent. */
  private get untaken(): 0 | null {
    return this.options.isLocal ? 0 : null;
  }

  private isUntaken(checksum: number | null): boolean {
    return checksum === 0 && this.untaken === 0;
  }

  private repeat(frame: Frame): void {
    const message = new Uint8Array(FRAME_HEADER_BYTES);
    const bytes = bodyBytes(frame);
    const { checksum } = this.summed!;
    const body = { messageCount: frame.messages.length, bodyBytes: bytes, checksum, chunkStream: 0 };
    writeHeader(message, frame, body, MESSAGE_TYPE.repeat);
    this.sentFrameBytes += frameBytes(bytes);
    this.savedBytes += frameBytes(bytes) - message.byteLength;
    this.corkedBytes += message.byteLength;
    this.socket.send(message, () => this.allSent());
  }

  /** `checksum` null: that of the parts. */
  private write(
    frame: Omit<Frame, 'messages'> | null,
    messageCount: number,
    parts: readonly Uint8Array[],
    bytes: number,
    checksum: number | null,
    counted: boolean,
    messages: Frame['messages'] | null = null,
  ): void {
    const whole = bytes <= LIMITS.chunkBytes;
    const stream = whole ? 0 : this.nextStream++ >>> 0;
    const message = this.spare.take(FRAME_HEADER_BYTES + (whole ? bytes : 0));
    if (whole) joinInto(message, FRAME_HEADER_BYTES, parts);
    const known = checksum ?? (messages !== null && this.summed?.messages === messages ? this.summed.checksum : null);
    // A body in chunks is summed as it is cut: its last chunk carries the checksum.
    const sum = whole ? (known ?? this.options.crc32(message.subarray(FRAME_HEADER_BYTES))) : 0;
    if (whole && messages !== null && (known === null || this.isUntaken(checksum)))
      this.summed = { messages, checksum: sum };
    if (frame) writeHeader(message, frame, { messageCount, bodyBytes: bytes, checksum: sum, chunkStream: stream });
    else writePackedHeader(message, bytes, sum, stream);
    if (!whole) {
      this.current = { parts, bytes, stream, counted, checksum: known, messages, sum: 0, at: 0, part: 0, partAt: 0 };
    }
    if (counted) this.sentFrameBytes += message.byteLength;
    this.corkedBytes += message.byteLength;
    this.socket.send(message, (memory = message) => {
      this.sentMessages++;
      this.spare.give(memory);
      if (whole) this.allSent();
      else this.pump();
    });
  }

  /** The last message of the oldest that is kept. */
  private allSent(): void {
    const sent = this.kept.shift();
    if (sent?.type === 'frame') sent.frame.release?.();
    this.pump();
  }

  private sendChunk(): void {
    const body = this.current!;
    const length = Math.min(LIMITS.chunkBytes, body.bytes - body.at);
    const message = this.spare.take(CHUNK_HEADER_BYTES + length);
    const view = new DataView(message.buffer);
    // The type, and three bytes of 0.
    view.setUint32(0, MESSAGE_TYPE.chunk, true);
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
      this.sentMessages++;
      this.spare.give(memory);
      if (last) this.allSent();
      else this.pump();
    });
  }

  private finish({ messages, checksum, sum }: OutgoingBody): void {
    this.current = null;
    if (messages !== null && (checksum === null || this.isUntaken(checksum))) this.summed = { messages, checksum: sum };
  }
}

function writePackedHeader(message: Uint8Array, bodyLength: number, checksum: number, stream: number): void {
  const view = new DataView(message.fill(0, 0, FRAME_HEADER_BYTES).buffer);
  view.setUint8(0, MESSAGE_TYPE.packed);
  view.setUint32(36, bodyLength, true);
  view.setUint32(40, checksum, true);
  view.setUint32(44, stream, true);
}

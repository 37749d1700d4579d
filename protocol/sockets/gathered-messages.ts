import type { Duplex } from 'node:stream';
import { LIMITS } from '../wire/limits.js';
import { SpareMemory } from '../wire/spare-memory.js';

/** Payloads from here on get memory of their own. */
const LARGE_BYTES = 16 << 10;

/** Memory kept for the next messages of one socket. */
const SPARE_BYTES = 8 << 20;

/** Not cleared: it is not seen before it is full. */
export function receivingMemory(): SpareMemory {
  return new SpareMemory(SPARE_BYTES, (length) => new Uint8Array(Buffer.allocUnsafeSlow(length).buffer));
}

/** RFC 6455, 5.2: a whole binary message in one frame, no extension. */
const BINARY = 0x82;

/**
 * Passes the bytes of a websocket connection on as they come, but cuts them so that the payload of each large message is one piece
 * in memory of its own: the reader of the websocket takes such a piece as the message without a copy. It judges nothing: where it
 * should err about a frame, the pieces are other ones and their bytes the same.
 */
class Gatherer {
  /** Bytes of a frame's head that the piece before has ended with. */
  private readonly head: number[] = [];
  /** Bytes of a small payload that are still to come. */
  private left = 0;
  private large: Uint8Array | null = null;
  private filled = 0;

  constructor(
    private readonly pass: (piece: Buffer) => void,
    private readonly memory: SpareMemory,
  ) {}

  take(piece: Uint8Array): void {
    let from = 0;
    let at = 0;
    while (at < piece.byteLength) {
      if (this.large) {
        at += this.fill(this.large, piece.subarray(at));
        from = at;
      } else if (this.left > 0) {
        const length = Math.min(this.left, piece.byteLength - at);
        this.left -= length;
        at += length;
      } else {
        this.head.push(piece[at++]!);
        const length = this.payloadLength();
        if (length === null) continue;
        const isLarge = this.head[0] === BINARY && length >= LARGE_BYTES && length <= LIMITS.messageBytes;
        this.head.length = 0;
        if (isLarge) {
          this.passOn(piece.subarray(from, at));
          this.large = this.memory.take(length);
          this.filled = 0;
        } else this.left = length;
      }
    }
    if (from < at && !this.large) this.passOn(piece.subarray(from, at));
  }

  /** Where the next bytes of a large payload belong, all of it that is still to come; null: there is none, or a little of it. */
  room(): Uint8Array | null {
    const { large, filled } = this;
    return large && large.byteLength - filled >= LARGE_BYTES ? large.subarray(filled) : null;
  }

  /** So many bytes were read into that room. */
  fillRoom(bytes: number): void {
    if (this.large) this.filledBy(bytes, this.large);
  }

  private fill(large: Uint8Array, rest: Uint8Array): number {
    const part = rest.subarray(0, large.byteLength - this.filled);
    large.set(part, this.filled);
    this.filledBy(part.byteLength, large);
    return part.byteLength;
  }

  private filledBy(bytes: number, large: Uint8Array): void {
    this.filled += bytes;
    if (this.filled < large.byteLength) return;
    this.large = null;
    this.pass(Buffer.from(large.buffer));
  }

  /** A copy: what the piece lies in is read into again. */
  private passOn(part: Uint8Array): void {
    this.pass(Buffer.from(part));
  }

  /** Null: the head is not complete. */
  private payloadLength(): number | null {
    const { head } = this;
    if (head.length < 2) return null;
    const short = head[1]! & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (head.length < 2 + lengthBytes + (head[1]! & 0x80 ? 4 : 0)) return null;
    if (lengthBytes === 0) return short;
    return head.slice(2, 2 + lengthBytes).reduce((sum, byte) => 256 * sum + byte, 0);
  }
}

/** Of connections that are gathered: pieces are copied, or read to where they belong. */
const gatherers = new WeakMap<Duplex, Gatherer>();

/** From now on, at the beginning of a frame, what comes over this connection is gathered. */
export function gatherMessages(stream: Duplex, memory: SpareMemory): void {
  const emit = stream.emit.bind(stream) as Duplex['emit'];
  const gatherer = new Gatherer((piece) => emit('data', piece), memory);
  gatherers.set(stream, gatherer);
  // In place of a listener, so that those who listen may still stop.
  stream.emit = (event: string | symbol, ...content: unknown[]): boolean => {
    if (event !== 'data') return emit(event as never, ...(content as never[]));
    gatherer.take(content[0] as Uint8Array);
    return true;
  };
}

/** Of a connection whose messages are gathered: what comes next is read into its room, where it has one. */
export function gathererOf(stream: Duplex): Pick<Gatherer, 'room' | 'fillRoom'> | undefined {
  return gatherers.get(stream);
}

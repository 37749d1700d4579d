import { GradswarmError } from '../errors.js';

interface Kept {
  readonly message: Uint8Array;
  readonly acknowledged: (() => void) | undefined;
}

/** Places at the front of the list that are empty before it is made shorter. */
const EMPTY_PLACES = 1024;

/**
 * One end of a link that loses, repeats and reorders nothing although its connections break: pure, without sockets and clocks.
 * Messages are numbered by their position, so nothing is added to them. Each end counts what it has received; what it sent is
 * kept until the other end has acknowledged that many.
 */
export class NumberedLink {
  /** Messages received, in order. */
  received = 0;
  /** Messages that the other end has. */
  acknowledged = 0;
  /** Bytes of messages that it has not acknowledged. */
  unacknowledgedBytes = 0;
  private readonly kept: Kept[] = [];
  /** Where in `kept` the first unacknowledged message lies. */
  private first = 0;
  /** Bytes received since the last report. */
  unreportedBytes = 0;
  private reported = 0;

  /** Messages sent. */
  get sent(): number {
    return this.acknowledged + this.kept.length - this.first;
  }

  /** Numbers a message that is sent now, or when there is a connection again, and keeps it. The caller does not change it. */
  send(message: Uint8Array, acknowledged?: () => void): void {
    this.kept.push({ message, acknowledged });
    this.unacknowledgedBytes += message.byteLength;
  }

  /** The next message has come. */
  receive(message: Uint8Array): void {
    this.received++;
    this.unreportedBytes += message.byteLength;
  }

  /** The count to send to the other end, never less than before. `taken`: messages after it are not acknowledged yet. */
  report(taken = this.received): number {
    this.unreportedBytes = 0;
    this.reported = Math.max(this.reported, taken);
    return this.reported;
  }

  /** The other end has `count` messages. Throws ERR_PROTOCOL. */
  acknowledge(count: number): void {
    if (!this.canResume(count))
      throw new GradswarmError(
        'ERR_PROTOCOL',
        `acknowledgement: expected ${this.acknowledged} to ${this.sent}, got ${count}`,
      );
    while (this.acknowledged < count) {
      const { message, acknowledged } = this.kept[this.first]!;
      this.kept[this.first++] = NOTHING;
      this.acknowledged++;
      this.unacknowledgedBytes -= message.byteLength;
      acknowledged?.();
    }
    if (this.first < EMPTY_PLACES && this.first < this.kept.length) return;
    this.kept.splice(0, this.first);
    this.first = 0;
  }

  /** May a new connection begin at this count of the other end? Less than it has acknowledged is not kept any more. */
  canResume(count: number): boolean {
    return Number.isSafeInteger(count) && count >= this.acknowledged && count <= this.sent;
  }

  /** What a new connection has to carry first: all that is not acknowledged, in order. */
  unacknowledged(): readonly Uint8Array[] {
    return this.kept.slice(this.first).map(({ message }) => message);
  }
}

const NOTHING: Kept = { message: new Uint8Array(0), acknowledged: undefined };

/** A count as the payload of a websocket ping: 8 bytes, little-endian. */
export function countBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count), true);
  return bytes;
}

/** Null: not a count. */
export function readCount(bytes: Uint8Array): number | null {
  if (bytes.byteLength !== 8) return null;
  const count = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  return Number.isSafeInteger(count) ? count : null;
}

/** A count as it stands in the query of a request, `have=12`. Null: none, or not a count. */
export function readHave(query: URLSearchParams): number | null {
  const have = query.get('have') ?? '';
  return /^(0|[1-9]\d{0,15})$/.test(have) && Number.isSafeInteger(Number(have)) ? Number(have) : null;
}

import type { RawData, WebSocket } from 'ws';
import { NotReached } from '../case.js';
import {
  type FrameFields,
  FrameReader,
  frameOf,
  packedOf,
  type Received,
  type ReceivedFrame,
  type ReceivedPacked,
} from './frames.js';
import { Inbox } from './inbox.js';

const PATIENCE_MS = 10_000;
const COUNT_MS = 100;
const HEARTBEAT_MS = 1000;

/** One end of a frame socket, message by message; on a numbered link it counts and keeps the other end’s counts. */
export class FrameSocket {
  readonly received = new Inbox<Received>();
  /** Counts that came, in order, and whether anything came as a pong. */
  readonly counts = new Inbox<number>();
  readonly pongs = new Inbox<string>();
  readonly closed: Promise<string>;
  isClosed = false;
  closeCode = 0;
  /** Every binary message as it came. */
  readonly messages: Uint8Array[] = [];
  private readonly reader: FrameReader;

  /** `count`: messages received on earlier connections of this link; null: no link. */
  constructor(
    readonly socket: WebSocket,
    public count: number | null = null,
    /** No counts are sent by themselves. */
    public silent = false,
    /** Repeats were agreed on. */
    repeats = false,
  ) {
    this.reader = new FrameReader(repeats);
    let timer: NodeJS.Timeout | undefined;
    this.closed = new Promise((resolve) =>
      socket.once('close', (code) => {
        this.isClosed = true;
        this.closeCode = code;
        clearTimeout(timer);
        const why = `the frame socket was closed (${code})`;
        this.received.end(why);
        this.counts.end(why);
        resolve(why);
      }),
    );
    socket.on('error', () => {});
    socket.on('ping', (payload: Buffer) => {
      if (this.count !== null && payload.length === 8) this.counts.put(Number(payload.readBigUInt64LE()));
      else socket.pong(payload);
    });
    socket.on('pong', (payload: Buffer) => this.pongs.put(payload.toString('hex')));
    socket.on('message', (message: RawData, binary: boolean) => {
      if (this.count !== null) this.count++;
      this.take(message as Buffer, binary);
    });
    if (count === null) return;
    if (!this.silent) this.report();
    const tick = (at: number): void => {
      const due = at * COUNT_MS >= HEARTBEAT_MS || this.reported !== this.count;
      if (due && !this.silent) this.report();
      timer = setTimeout(() => tick(due ? 0 : at + 1), COUNT_MS).unref();
    };
    timer = setTimeout(() => tick(0), COUNT_MS).unref();
  }

  private reported = 0;

  get isLink(): boolean {
    return this.count !== null;
  }

  /** Sends a count: that of what came, or another. */
  report(count = this.count ?? 0): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.reported = count;
    const payload = Buffer.alloc(8);
    payload.writeBigUInt64LE(BigInt(count));
    this.socket.ping(payload);
  }

  send(...messages: readonly Uint8Array[]): void {
    for (const message of messages) if (this.socket.readyState === this.socket.OPEN) this.socket.send(message);
  }

  sendFrame(fields: FrameFields, body?: Uint8Array): void {
    this.send(frameOf(fields, body));
  }

  sendPacked(content: unknown): void {
    this.send(packedOf(content));
  }

  frame(matches: (frame: ReceivedFrame) => boolean = () => true, ms = PATIENCE_MS): Promise<ReceivedFrame> {
    const frame = (item: Received): boolean => item.type === 'frame' && matches(item);
    return this.received.next('frame', frame, ms) as Promise<ReceivedFrame>;
  }

  async packed(type: string, ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    const matches = (item: Received): boolean => item.type === 'packed' && item.content.type === type;
    return ((await this.received.next(`packed message '${type}'`, matches, ms)) as ReceivedPacked).content;
  }

  async closes(ms: number): Promise<string> {
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new NotReached(`the frame socket was still open after ${ms} ms`)), ms).unref();
    });
    return Promise.race([this.closed, late]);
  }

  /** The connection breaks; `code`: it is closed with this one. */
  close(code?: number): void {
    if (code === undefined) this.socket.terminate();
    else this.socket.close(code);
  }

  private take(message: Buffer, binary: boolean): void {
    try {
      if (!binary) throw new NotReached('a text message on the frame socket');
      this.messages.push(Uint8Array.from(message));
      const whole = this.reader.read(Uint8Array.from(message));
      if (whole) this.received.put(whole);
    } catch (error) {
      this.received.end(error instanceof NotReached ? error.message : 'a packed message that is not msgpack');
    }
  }
}

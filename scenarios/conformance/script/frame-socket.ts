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

/** One end of a frame socket, message by message. */
export class FrameSocket {
  readonly received = new Inbox<Received>();
  readonly closed: Promise<string>;
  isClosed = false;
  private readonly reader = new FrameReader();

  constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) =>
      socket.once('close', (code) => {
        this.isClosed = true;
        const why = `the frame socket was closed (${code})`;
        this.received.end(why);
        resolve(why);
      }),
    );
    socket.on('error', () => {});
    socket.on('message', (message: RawData, binary: boolean) => {
      try {
        if (!binary) throw new NotReached('a text message on the frame socket');
        const whole = this.reader.read(Uint8Array.from(message as Buffer));
        if (whole) this.received.put(whole);
      } catch (error) {
        this.received.end(error instanceof NotReached ? error.message : 'a packed message that is not msgpack');
      }
    });
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

  close(): void {
    this.socket.terminate();
  }
}

import { EventEmitter } from 'node:events';
import type { Precision } from '../values.js';
import { BROKEN, type MessageSocket, type MessageSocketEvents, type Resent } from '../wire/message-socket.js';

/** A socket that computing holds up is never silent for too long: another one has its signs of life. */
export const UNWATCHED_MS = 2 ** 31;

/** A model's parameters up to this size are sent and received by the thread that computes: to hand one to another thread costs more than to write it. */
const OWN_BYTES = 256 << 10;

/** Does the thread that computes have the frame sockets of local workers? The same in every process of a run. */
export function hasOwnFrames(parameterCount: number, precision: Precision): boolean {
  return parameterCount * (precision === 'float32' ? 4 : 8) <= OWN_BYTES;
}

const NOTHING: Resent = { messages: 0, bytes: 0, downMs: 0 };

/**
 * Messages over a socket of the thread that computes, and signs of life over another one, which is served however long that thread
 * computes in one call. The two end together, and are up where both are.
 */
export class WatchedSocket implements MessageSocket {
  private over = false;
  private readonly events = new EventEmitter<MessageSocketEvents & Record<string, unknown[]>>();
  /** Those of the two that have lost their connection. */
  private readonly cut = new Set<unknown>();
  /** What came again since both were up. */
  private resent: Resent = NOTHING;

  constructor(
    private readonly frames: MessageSocket,
    private readonly signs: Pick<MessageSocket, 'close' | 'on'>,
  ) {
    frames.on('close', (code, reason) => this.end(signs, code, reason));
    signs.on('close', (code, reason) => this.end(frames, code, reason));
    for (const socket of [frames, signs]) {
      socket.on('down', (why) => {
        if (this.cut.size === 0) this.events.emit('down', why);
        this.cut.add(socket);
      });
      socket.on('up', (resent) => this.mended(socket, resent));
    }
  }

  get bufferedAmount(): number {
    return this.frames.bufferedAmount;
  }

  get unwrittenBytes(): number {
    return this.frames.unwrittenBytes ?? 0;
  }

  send(message: Uint8Array, sent?: (memory?: Uint8Array) => void): void {
    this.frames.send(message, sent);
  }

  reuse(message: Uint8Array): void {
    this.frames.reuse?.(message);
  }

  cork(): void {
    this.frames.cork?.();
  }

  uncork(): void {
    this.frames.uncork?.();
  }

  holdBack(): (messages: number) => void {
    return this.frames.holdBack();
  }

  close(code?: number): void {
    if (this.over) return;
    this.over = true;
    this.frames.close(code);
    this.signs.close(code);
  }

  on<E extends keyof MessageSocketEvents>(event: E, listener: (...args: MessageSocketEvents[E]) => void): void {
    if (event === 'close' || event === 'down' || event === 'up')
      this.events.on(event as string, listener as (...content: unknown[]) => void);
    else (event === 'message' || event === 'drain' ? this.frames : this.signs).on(event, listener);
  }

  private mended(socket: unknown, { messages, bytes, downMs }: Resent): void {
    this.cut.delete(socket);
    const { resent } = this;
    this.resent = {
      messages: resent.messages + messages,
      bytes: resent.bytes + bytes,
      downMs: Math.max(resent.downMs, downMs),
    };
    if (this.cut.size > 0) return;
    this.events.emit('up', this.resent);
    this.resent = NOTHING;
  }

  /** One of the two has ended: there is nothing to say to the other end any more. */
  private end(other: Pick<MessageSocket, 'close'>, code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.events.emit('close', code, reason);
    other.close(BROKEN);
  }
}

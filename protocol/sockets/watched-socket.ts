import type { Precision } from '../values.js';
import { BROKEN, type MessageSocket, type MessageSocketEvents } from '../wire/message-socket.js';

/** A socket that computing holds up is never silent for too long: another one has its signs of life. */
export const UNWATCHED_MS = 2 ** 31;

/** A model's parameters up to this size are sent and received by the thread that computes: to hand one to another thread costs more than to write it. */
const OWN_BYTES = 256 << 10;

/** Does the thread that computes have the frame sockets of local workers? The same in every process of a run. */
export function hasOwnFrames(parameterCount: number, precision: Precision): boolean {
  return parameterCount * (precision === 'float32' ? 4 : 8) <= OWN_BYTES;
}

/**
 * Messages over a socket of the thread that computes, and signs of life over another one, which is served however long that thread
 * computes in one call. The two end together.
 */
export class WatchedSocket implements MessageSocket {
  private over = false;
  private readonly closed: ((...args: MessageSocketEvents['close']) => void)[] = [];

  constructor(
    private readonly frames: MessageSocket,
    private readonly signs: Pick<MessageSocket, 'close' | 'on'>,
  ) {
    frames.on('close', (code, reason) => this.end(signs, code, reason));
    signs.on('close', (code, reason) => this.end(frames, code, reason));
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
    if (event === 'close') this.closed.push(listener as (typeof this.closed)[number]);
    else (event === 'message' || event === 'drain' ? this.frames : this.signs).on(event, listener);
  }

  /** One of the two has ended: there is nothing to say to the other end any more. */
  private end(other: Pick<MessageSocket, 'close'>, code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    for (const listener of this.closed) listener(code, reason);
    other.close(BROKEN);
  }
}

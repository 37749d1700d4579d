import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { BROKEN, CLOSED, type MessageSocket, type MessageSocketEvents, TEXT_MESSAGE } from '../wire/message-socket.js';
import { printable } from '../wire/printable.js';
import { pongsOf } from './pongs.js';
import { Untaken } from './untaken.js';

/** How long the other end may take to answer a close. */
const CLOSE_MS = 1000;

/** A websocket as a message socket: what is under way when it closes is lost. */
export class PlainSocket implements MessageSocket {
  private readonly events = new EventEmitter<MessageSocketEvents & Record<string, unknown[]>>();
  private closing = false;
  private error: string | null = null;

  constructor(
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
  ) {
    socket.on('error', ({ message }) => {
      this.error = message;
    });
    socket.on('ping', pongsOf(socket));
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      if (this.closing) return;
      if (isBinary === false) {
        this.error = TEXT_MESSAGE;
        this.close(BROKEN);
      } else this.events.emit('message', message);
    });
    socket.on('close', (code, reason) => this.events.emit('close', code, this.error ?? printable(reason.toString())));
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(message: Uint8Array, sent?: () => void): void {
    // Without the error that a broken socket gives.
    this.socket.send(message, sent && (() => sent()));
  }

  holdBack(): (messages: number) => void {
    const untaken = new Untaken();
    this.on('message', (message) => {
      untaken.add(message.byteLength);
      if (untaken.isFull) this.socket.pause();
    });
    return (messages) => {
      untaken.take(messages);
      if (!untaken.isFull && this.socket.isPaused) this.socket.resume();
    };
  }

  cork(): void {
    this.stream.cork();
  }

  uncork(): void {
    this.stream.uncork();
  }

  close(code: number = CLOSED): void {
    this.closing = true;
    if (code === BROKEN) return this.socket.terminate();
    this.socket.close(code);
    setTimeout(() => this.socket.terminate(), CLOSE_MS).unref();
  }

  on<E extends keyof MessageSocketEvents>(event: E, listener: (...args: MessageSocketEvents[E]) => void): void {
    this.events.on(event as string, listener as (...args: unknown[]) => void);
  }
}

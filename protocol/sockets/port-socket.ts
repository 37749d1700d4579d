import { EventEmitter } from 'node:events';
import type { MessageSocket, MessageSocketEvents } from '../wire/message-socket.js';
import type { Channel } from './port-hub.js';
import { type FromRelay, isSmall, memoryOf, owned, type ToRelay } from './socket-relay.js';

interface Waiting {
  readonly bytes: number;
  /** Its memory stayed here. */
  readonly isSmall: boolean;
  readonly sent: ((memory?: Uint8Array) => void) | undefined;
}

/** A message socket whose connection another thread has: there `relaySocket` carries on. */
export class PortSocket implements MessageSocket {
  private readonly events = new EventEmitter<MessageSocketEvents & Record<string, unknown[]>>();
  /** Posted, and not reported as sent, oldest first. */
  private readonly waiting: Waiting[] = [];
  private buffered = 0;
  /** What waits to be posted together; null: each message at once. */
  private corked: Uint8Array[] | null = null;
  /** Memory of received messages that is not read any more. */
  private free: Uint8Array[] = [];
  private closing = false;

  constructor(private readonly channel: Channel) {
    channel.listen((message: FromRelay) => this.receive(message));
  }

  get bufferedAmount(): number {
    return this.buffered;
  }

  send(message: Uint8Array, sent?: (memory?: Uint8Array) => void): void {
    if (this.closing) return;
    const bytes = message.byteLength;
    this.buffered += bytes;
    this.waiting.push({ bytes, isSmall: isSmall(message), sent });
    if (this.corked) this.corked.push(owned(message));
    else this.post([owned(message)]);
  }

  /** The thread that has the socket does it. */
  holdBack(): () => void {
    return () => {};
  }

  /** Goes back with the report of what was taken next: a message of its own would cost more than the memory. */
  reuse(message: Uint8Array): void {
    if (!isSmall(message) && message.byteLength === message.buffer.byteLength) this.free.push(message);
  }

  cork(): void {
    this.corked ??= [];
  }

  uncork(): void {
    const messages = this.corked;
    this.corked = null;
    if (messages && messages.length > 0) this.post(messages);
  }

  close(code?: number): void {
    if (this.closing) return;
    this.uncork();
    this.closing = true;
    this.channel.post({ type: 'close', code } satisfies ToRelay);
  }

  on<E extends keyof MessageSocketEvents>(event: E, listener: (...args: MessageSocketEvents[E]) => void): void {
    this.events.on(event as string, listener as (...args: unknown[]) => void);
  }

  private post(messages: readonly Uint8Array[]): void {
    this.channel.post({ type: 'send', messages } satisfies ToRelay, memoryOf(messages));
  }

  private receive(message: FromRelay): void {
    switch (message.type) {
      case 'messages':
        for (const each of message.messages) if (!this.closing) this.events.emit('message', each);
        if (!this.closing) this.report(message.messages.length);
        return;
      case 'sent':
        this.release(message.count, message.memories);
        return;
      case 'event':
        this.events.emit(message.event as string, ...message.content);
        this.channel.post({ type: 'noticed', event: message.event } satisfies ToRelay);
        return;
      case 'close':
        this.closing = true;
        this.channel.close();
        this.events.emit('close', message.code, message.reason);
        // No sender waits for room any more.
        this.release(this.waiting.length, []);
    }
  }

  private report(count: number): void {
    const memories = this.free;
    this.free = [];
    this.channel.post({ type: 'taken', count, memories } satisfies ToRelay, memoryOf(memories));
  }

  private release(count: number, memories: readonly Uint8Array[]): void {
    let next = 0;
    for (const { bytes, isSmall, sent } of this.waiting.splice(0, count)) {
      this.buffered -= bytes;
      if (isSmall) sent?.();
      else sent?.(memories[next++] ?? NONE);
    }
  }
}

const NONE = new Uint8Array(0);

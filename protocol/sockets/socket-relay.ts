import { LIMITS } from '../wire/limits.js';
import { BREACH, type MessageSocket } from '../wire/message-socket.js';
import type { Channel } from './port-hub.js';

/** From the thread that computes: messages for the other end, whose memory goes with them. */
export type ToRelay =
  | { readonly type: 'send'; readonly messages: readonly Uint8Array[] }
  /** So many more messages were taken. */
  | {
      readonly type: 'taken';
      readonly count: number;
      /** Of messages that were taken before, to be filled again. */
      readonly memories: readonly Uint8Array[];
    }
  /** This event was acted on. */
  | { readonly type: 'noticed'; readonly event: 'down' | 'up' | 'seen' }
  | { readonly type: 'close'; readonly code: number | undefined };

/** To that thread. */
export type FromRelay =
  | { readonly type: 'messages'; readonly messages: readonly Uint8Array[] }
  /** As many of the oldest messages have been sent; the memory of those that are not small comes back. */
  | { readonly type: 'sent'; readonly count: number; readonly memories: readonly Uint8Array[] }
  | { readonly type: 'event'; readonly event: 'down' | 'up' | 'seen'; readonly content: readonly unknown[] }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

/** Copied faster than handed over. */
const SMALL_BYTES = 4096;

export function isSmall({ byteLength }: Uint8Array): boolean {
  return byteLength < SMALL_BYTES;
}

/** The memory of these messages, for a transfer; small ones are copied. */
export function memoryOf(messages: readonly Uint8Array[]): ArrayBuffer[] {
  return messages.filter((message) => !isSmall(message)).map(({ buffer }) => buffer as ArrayBuffer);
}

/** A message that shares its memory with no other: a part of a larger buffer is copied, since a transfer takes the whole. */
export function owned(message: Uint8Array): Uint8Array {
  return message.byteLength === message.buffer.byteLength ? message : Uint8Array.from(message);
}

/** On the thread that has the socket: carries its messages and events to a channel, and what comes from there to the socket. */
export function relaySocket(socket: MessageSocket, channel: Channel): void {
  let received: Uint8Array[] = [];
  let sent: Uint8Array[] = [];
  let sentCount = 0;
  let corked = false;
  const post = (message: FromRelay, transfer: readonly ArrayBuffer[] = []) => channel.post(message, transfer);
  const flushReceived = (): void => {
    const messages = received;
    received = [];
    if (messages.length > 0) post({ type: 'messages', messages }, memoryOf(messages));
  };
  const flushSent = (): void => {
    post({ type: 'sent', count: sentCount, memories: sent }, memoryOf(sent));
    sent = [];
    sentCount = 0;
  };
  const taken = socket.holdBack();
  socket.on('message', (message) => {
    // Messages of one read of the socket travel together.
    if (received.push(owned(message)) === 1) queueMicrotask(flushReceived);
  });
  const unnoticed = { down: 0, up: 0, seen: 0 };
  const report = (event: keyof typeof unnoticed, ...content: readonly unknown[]): void => {
    unnoticed[event]++;
    post({ type: 'event', event, content });
  };
  socket.on('down', (reason) => {
    report('down', reason);
    if (unnoticed.down > LIMITS.untakenEvents) socket.close(BREACH);
  });
  socket.on('up', (resent) => report('up', resent));
  socket.on('seen', () => {
    if (unnoticed.seen === 0) report('seen');
  });
  socket.on('close', (code, reason) => {
    flushReceived();
    post({ type: 'close', code, reason });
    channel.close();
  });
  const uncork = (): void => {
    corked = false;
    socket.uncork?.();
  };
  channel.listen((message: ToRelay) => {
    if (message.type === 'close') return socket.close(message.code);
    if (message.type === 'taken') {
      for (const memory of message.memories) socket.reuse?.(memory);
      return taken(message.count);
    }
    if (message.type === 'noticed') {
      unnoticed[message.event]--;
      return;
    }
    if (!corked) {
      corked = true;
      socket.cork?.();
      setImmediate(uncork);
    }
    for (const each of message.messages)
      socket.send(each, (memory = each) => {
        if (!isSmall(each)) sent.push(memory);
        if (++sentCount === 1) queueMicrotask(flushSent);
      });
  });
}

/** Why a socket ends whose other end sends text: the layer above knows bytes alone. */
export const TEXT_MESSAGE = 'a text message, where all are binary';

/** What a new connection of a link carried again, and how long there was none before it. */
export interface Resent {
  readonly messages: number;
  readonly bytes: number;
  readonly downMs: number;
}

/** What is reported of a message socket, and with what. */
export interface MessageSocketEvents {
  readonly message: [message: Uint8Array];
  /** Once, last: nothing comes or leaves any more. `code`: of the websocket (RFC 6455, 7.4); 1006: it broke off. */
  readonly close: [code: number, reason: string];
  /** A socket that survives its connections has lost one, or has one again. What was sent meanwhile waits; nothing is lost. */
  readonly down: [reason: string];
  readonly up: [resent: Resent];
  /** The other end has given a sign of life. */
  readonly seen: [];
  /** All of `unwrittenBytes` has left. */
  readonly drain: [];
}

/**
 * Binary messages both ways, whole and in order. A websocket, numbered messages over one websocket after the other, or a port to
 * the thread that has either: its users cannot distinguish them.
 */
export interface MessageSocket {
  /** Bytes given to `send` that still occupy memory: senders wait while there are many. */
  readonly bufferedAmount: number;
  /** Those of them that the system has not taken yet. Left out: another thread passes them on. */
  readonly unwrittenBytes?: number;
  /**
   * `message` is the socket's from now on. `sent` is called when `bufferedAmount` has become smaller by it, with memory that may be
   * used again; left out: the message itself.
   */
  send(message: Uint8Array, sent?: (memory?: Uint8Array) => void): void;
  /** A message that was received, whose memory is not read any more: it may be filled again. Left out: it is not. */
  reuse?(message: Uint8Array): void;
  /** What is sent between the two may leave together. Left out: each message leaves at once. */
  cork?(): void;
  uncork?(): void;
  /**
   * From now on the other end may have sent only so much more than what was taken: the returned function is called with how many
   * messages were. For a socket whose messages another thread takes.
   */
  holdBack(): (messages: number) => void;
  /** Reports no more messages and ends the socket; `BROKEN`: at once, without a message to the other end. */
  close(code?: number): void;
  on<E extends keyof MessageSocketEvents>(event: E, listener: (...args: MessageSocketEvents[E]) => void): void;
}

/** Close codes: as agreed; a message that is not of the protocol; no message at all. */
export const CLOSED = 1000;
export const BREACH = 1008;
export const BROKEN = 1006;

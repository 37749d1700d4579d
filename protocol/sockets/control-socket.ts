import type { Socket as ServerSide } from 'socket.io';
import type { Socket as ClientSide } from 'socket.io-client';
import type { WebSocket } from 'ws';
import { Untaken } from './untaken.js';

/** How long the other end may take to answer a close. */
const CLOSE_MS = 1000;

export interface ControlSocketEvents {
  /** `data`: undefined where it is not binary. `answer`: null where the other end wants none. */
  received(event: string, data: unknown, answer: ((reply: Uint8Array) => void) | null): void;
  /** The other end has given a sign of life. */
  seen(): void;
  /** Once, last. */
  closed(reason: string): void;
}

/** Named messages both ways, some with an answer: a socket.io connection, or a port to the thread that has it. */
export interface ControlSocket {
  /** Of the other end, as it stands in a URL. */
  readonly address: string;
  send(event: string, data?: Uint8Array, answered?: (reply: unknown) => void): void;
  /** At once after it was opened: what came before is not missed then. */
  listen(events: ControlSocketEvents): void;
  /**
   * From now on no more is read than a bounded amount beyond what was taken: the returned function is called with how many messages
   * were. Before `listen`, for a socket whose messages another thread takes.
   */
  holdBack(): (messages: number) => void;
  /** The other end has shown who it is: its connection may stay. */
  admit(): void;
  close(): void;
}

/** One end of a socket.io connection. */
export class IoSocket implements ControlSocket {
  private received: (bytes: number) => void = () => {};

  constructor(
    private readonly socket: ServerSide | ClientSide,
    readonly address: string,
    private readonly websocket: WebSocket,
    /** Calls `seen` at each sign of life. */
    private readonly watch: (seen: () => void) => void,
    readonly admit: () => void = () => {},
  ) {}

  send(event: string, data?: Uint8Array, answered?: (reply: unknown) => void): void {
    this.socket.emit(event, ...(data ? [data] : []), ...(answered ? [answered] : []));
  }

  listen({ received, seen, closed }: ControlSocketEvents): void {
    this.socket.onAny((named: unknown, ...content: readonly unknown[]) => {
      // A packet may have none, a number, or with nothing but an acknowledgement that function: no event of this protocol.
      const event = typeof named === 'string' ? named : '';
      const answer = content.at(-1);
      // What is not binary is of no use to anybody, and may not be able to go to another thread.
      const data = content[0] instanceof Uint8Array ? content[0] : undefined;
      this.received(2 * event.length + (data?.byteLength ?? 0));
      received(event, data, typeof answer === 'function' ? (reply) => answer(reply) : null);
    });
    // The other end may send an event of this name, which without a listener would be thrown.
    this.socket.on('error', () => {});
    this.socket.on('disconnect', (reason: string) => closed(reason));
    this.watch(seen);
  }

  holdBack(): (messages: number) => void {
    const untaken = new Untaken();
    this.received = (bytes) => {
      untaken.add(bytes);
      if (untaken.isFull) this.websocket.pause();
    };
    return (messages) => {
      untaken.take(messages);
      if (!untaken.isFull && this.websocket.isPaused) this.websocket.resume();
    };
  }

  close(): void {
    this.socket.disconnect(true as never);
    // Of a websocket that is not read on the answer would never come.
    if (this.websocket.isPaused) this.websocket.terminate();
    else setTimeout(() => this.websocket.terminate(), CLOSE_MS).unref();
  }
}

import type { Socket as ServerSide } from 'socket.io';
import type { Socket as ClientSide } from 'socket.io-client';

export interface ControlSocketEvents {
  /** `answer`: null where the other end wants none. */
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
  /** The other end has shown who it is: its connection may stay. */
  admit(): void;
  close(): void;
}

/** One end of a socket.io connection. */
export class IoSocket implements ControlSocket {
  constructor(
    private readonly socket: ServerSide | ClientSide,
    readonly address: string,
    /** Calls `seen` at each sign of life. */
    private readonly watch: (seen: () => void) => void,
    readonly admit: () => void = () => {},
  ) {}

  send(event: string, data?: Uint8Array, answered?: (reply: unknown) => void): void {
    this.socket.emit(event, ...(data ? [data] : []), ...(answered ? [answered] : []));
  }

  listen({ received, seen, closed }: ControlSocketEvents): void {
    this.socket.onAny((event: string, ...content: readonly unknown[]) => {
      const answer = content.at(-1);
      // Nothing but the acknowledgement is no data: a function cannot go to another thread.
      const data = typeof content[0] === 'function' ? undefined : content[0];
      received(event, data, typeof answer === 'function' ? (reply) => answer(reply) : null);
    });
    this.socket.on('disconnect', (reason: string) => closed(reason));
    this.watch(seen);
  }

  close(): void {
    this.socket.disconnect(true as never);
  }
}

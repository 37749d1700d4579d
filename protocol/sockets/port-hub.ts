import type { MessagePort } from 'node:worker_threads';

/** Messages of one thing to its other half in the other thread. */
export interface Channel {
  readonly id: number;
  /** The memory of `transfer` goes over with it. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** One listener, set in the turn in which the channel is made. */
  // biome-ignore lint/suspicious/noExplicitAny: both ends know what they send.
  listen(listener: (message: any) => void): void;
  close(): void;
}

interface Numbered {
  readonly channel: number;
  readonly message: unknown;
}

/**
 * Many channels over one port, so that all messages arrive in the order in which they were sent, whichever channel they are of: what
 * came over one connection before what came over another is also received before it.
 */
export class PortHub {
  private readonly listeners = new Map<number, (message: unknown) => void>();
  private next: number;
  private holds = true;

  /** `side`: 1 and 2, so that channels that are made at both ends at once are not the same. */
  constructor(
    private readonly port: MessagePort,
    side: 1 | 2,
  ) {
    this.next = side;
    port.on('message', ({ channel, message }: Numbered) => this.listeners.get(channel)?.(message));
    port.unref();
  }

  /** A new channel, whose number the other side has to be sent. */
  open(): Channel {
    this.next += 2;
    return this.channel(this.next);
  }

  /** The channel that the other side has made; 0 is there from the beginning. A thread with an open one, 0 left out, does not end. */
  channel(id: number): Channel {
    return {
      id,
      post: (message, transfer = []) => this.port.postMessage({ channel: id, message } satisfies Numbered, transfer),
      listen: (listener) => {
        this.listeners.set(id, listener);
        this.hold();
      },
      close: () => {
        this.listeners.delete(id);
        this.hold();
      },
    };
  }

  /** Channels that are still open no longer keep the thread from ending. */
  release(): void {
    this.holds = false;
    this.port.unref();
  }

  private hold(): void {
    if (!this.holds) return;
    const open = this.listeners.size - (this.listeners.has(0) ? 1 : 0);
    if (open > 0) this.port.ref();
    else this.port.unref();
  }
}

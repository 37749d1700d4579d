import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';
import { ERROR_CODES, type ErrorCode, GradswarmError } from '../errors.js';
import { fetchChallenge } from './challenge.js';
import type { ControlConnected, ControlListener, ControlListening } from './control-listener.js';
import { PortControl } from './control-relay.js';
import { type Channel, PortHub } from './port-hub.js';
import { PortSocket } from './port-socket.js';
import type {
  Answer,
  Call,
  FromAcceptor,
  FromContent,
  FromControl,
  ListenedAt,
  ToAcceptor,
  ToControl,
  ToListener,
} from './socket-host.js';
import type { Acceptance, Accepted, Acceptor, Listener, OpenedSocket, Sockets } from './sockets.js';

/** `Omit` of each member of a union. */
type WithoutNumber<C> = C extends unknown ? Omit<C, 'call'> : never;

/** The sockets that the main thread has (`SocketHost`), for the thread that computes. */
export class PortSockets implements Sockets {
  private readonly hub: PortHub;
  private readonly calls: Channel;
  private readonly open = new Map<
    number,
    { resolve(answer: Answer & { type: 'opened' }): void; reject(error: Error): void }
  >();
  private next = 0;

  constructor(port: MessagePort) {
    this.hub = new PortHub(port, 2);
    this.calls = this.hub.channel(0);
    this.calls.listen((answer: Answer) => {
      const call = this.open.get(answer.call);
      this.open.delete(answer.call);
      if (answer.type === 'opened') call?.resolve(answer);
      else call?.reject(errorOf(answer));
    });
  }

  async listen(options: Parameters<Sockets['listen']>[0]): Promise<Listener> {
    return this.ask(
      { type: 'listen', options },
      (channel, about) => new PortListener(this.hub, channel, about as ListenedAt),
    );
  }

  openLink(options: Parameters<Sockets['openLink']>[0]): Promise<OpenedSocket> {
    return this.ask({ type: 'openLink', options }, opened);
  }

  openPlain(...options: Parameters<Sockets['openPlain']>): Promise<OpenedSocket> {
    return this.ask({ type: 'openPlain', options }, opened);
  }

  /** One request, which this thread makes by itself. */
  challenge(...request: Parameters<Sockets['challenge']>): Promise<string> {
    return fetchChallenge(...request);
  }

  openControl(options: Parameters<Sockets['openControl']>[0]): Promise<PortControl> {
    return this.ask({ type: 'openControl', options }, (channel, about) => new PortControl(channel, about as string));
  }

  /** All work is done: what is still open ends with the thread. */
  release(): void {
    this.hub.release();
  }

  /** `use` is called in the turn in which the answer comes, so that it misses nothing. */
  private async ask<T>(call: WithoutNumber<Call>, use: (channel: Channel, about: unknown) => T): Promise<T> {
    const number = ++this.next;
    // Holds the thread until the answer comes.
    const waiting = this.hub.open();
    waiting.listen(() => {});
    try {
      return await new Promise<T>((resolve, reject) => {
        this.open.set(number, {
          resolve: ({ channel, about }) => resolve(use(this.hub.channel(channel), about)),
          reject,
        });
        this.calls.post({ call: number, ...call } as Call);
      });
    } finally {
      waiting.close();
    }
  }
}

function opened(channel: Channel, about: unknown): OpenedSocket {
  return { socket: new PortSocket(channel), localAddress: about as string };
}

function errorOf({ code, message }: Answer & { type: 'failed' }): Error {
  if (code !== null && Object.hasOwn(ERROR_CODES, code))
    return new GradswarmError(code as ErrorCode, message.replace(`${code}: `, ''));
  return Object.assign(new Error(message), code !== null && { code });
}

class PortListener implements Listener {
  readonly address: AddressInfo;
  readonly localPath: string | null;
  private closed: () => void = () => {};

  constructor(
    private readonly hub: PortHub,
    private readonly channel: Channel,
    { address, localPath }: ListenedAt,
  ) {
    this.address = address;
    this.localPath = localPath;
    channel.listen(() => this.closed());
  }

  accept(acceptance: Acceptance, accepted: Accepted): Acceptor {
    const channel = this.part((id) => ({ type: 'accept', channel: id, acceptance }));
    channel.listen(({ name, numbered, isLocal, channel: id }: FromAcceptor) => {
      accepted(name, new PortSocket(this.hub.channel(id)), numbered, isLocal);
      channel.post({ type: 'taken' } satisfies ToAcceptor);
    });
    return {
      admit: (keys) => channel.post({ type: 'admit', keys } satisfies ToAcceptor),
      close: () => {
        channel.post({ type: 'close' } satisfies ToAcceptor);
        channel.close();
      },
    };
  }

  control(listening: ControlListening, connected: ControlConnected): ControlListener {
    const channel = this.part((id) => ({ type: 'control', channel: id, listening }));
    let closed: () => void = () => {};
    channel.listen((message: FromControl) => {
      if (message.type === 'connected')
        connected(new PortControl(this.hub.channel(message.channel), message.address), message.proven);
      else {
        channel.close();
        closed();
      }
    });
    const post = (message: ToControl): void => channel.post(message);
    return {
      publish: (event, data) => post({ type: 'publish', event, data }),
      keepFor: (event, data) => post({ type: 'keep', event, data }),
      close: () =>
        new Promise((resolve) => {
          closed = resolve;
          post({ type: 'close' });
        }),
    };
  }

  answerProven(path: string, proof: string, type: string, content: () => Readable, fetched: () => void): void {
    const channel = this.part((id) => ({ type: 'answer', channel: id, answered: [path, proof, type] }));
    channel.listen((message: FromContent) => {
      if (message.type === 'asked') void stream(content(), this.hub.channel(message.channel));
      else fetched();
    });
    this.contents.push(channel);
  }

  /** Channels that last as long as the port. */
  private readonly contents: Channel[] = [];

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.closed = resolve;
      this.channel.post({ type: 'close' } satisfies ToListener);
    });
    for (const channel of [this.channel, ...this.contents]) channel.close();
  }

  private part(message: (id: number) => ToListener): Channel {
    const channel = this.hub.open();
    this.channel.post(message(channel.id));
    return channel;
  }
}

/** Part by part, as the other end asks for them. */
async function stream(content: Readable, channel: Channel): Promise<void> {
  let asked: (() => void) | null = null;
  let credit = 0;
  channel.listen((message: 'next' | 'end') => {
    if (message === 'end') {
      content.destroy();
      channel.close();
      credit = Number.POSITIVE_INFINITY;
    } else credit++;
    asked?.();
  });
  try {
    for await (const part of content) {
      while (credit === 0)
        await new Promise<void>((resolve) => {
          asked = resolve;
        });
      credit--;
      channel.post(Uint8Array.from(part as Uint8Array));
    }
    channel.post(null);
  } catch {
    channel.post('failed');
  }
}

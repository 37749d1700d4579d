import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';
import { LIMITS } from '../wire/limits.js';
import { BREACH, BROKEN, type MessageSocket } from '../wire/message-socket.js';
import type { Proven } from './admission.js';
import { relayControl } from './control-relay.js';
import type { ControlSocket } from './control-socket.js';
import { type Channel, PortHub } from './port-hub.js';
import { processSockets } from './process-sockets.js';
import { relaySocket } from './socket-relay.js';
import type { ServerOptions } from './socket-server.js';
import type { Acceptance, Listener, OpenedSocket, Sockets } from './sockets.js';

/** What the thread that computes asks for; answered under the same number. */
export type Call = { readonly call: number } & (
  | { readonly type: 'listen'; readonly options: ServerOptions }
  | { readonly type: 'openLink'; readonly options: Parameters<Sockets['openLink']>[0] }
  | { readonly type: 'openPlain'; readonly options: Parameters<Sockets['openPlain']> }
  | { readonly type: 'openControl'; readonly options: Parameters<Sockets['openControl']>[0] }
);

export type Answer = { readonly call: number } & (
  | { readonly type: 'opened'; readonly channel: number; readonly about: unknown }
  | { readonly type: 'failed'; readonly code: string | null; readonly message: string }
);

/** Of a listening port. */
export type ToListener =
  | { readonly type: 'accept'; readonly channel: number; readonly acceptance: Acceptance }
  | { readonly type: 'control'; readonly channel: number; readonly listening: Parameters<Listener['control']>[0] }
  | {
      readonly type: 'answer';
      readonly channel: number;
      readonly answered: readonly [path: string, proof: string, type: string];
    }
  | { readonly type: 'close' };

/** What a listening port answers with. */
export interface ListenedAt {
  readonly address: AddressInfo;
  readonly localPath: string | null;
}

export type ToAcceptor =
  | { readonly type: 'admit'; readonly keys: ReadonlyMap<string, string> }
  /** One more socket was accepted. */
  | { readonly type: 'taken' }
  | { readonly type: 'close' };
export interface FromAcceptor {
  readonly name: string;
  readonly numbered: boolean;
  readonly isLocal: boolean;
  readonly channel: number;
}

export type ToControl =
  | { readonly type: 'publish' | 'keep'; readonly event: string; readonly data: Uint8Array }
  | { readonly type: 'close' };
export type FromControl =
  | { readonly type: 'connected'; readonly channel: number; readonly address: string; readonly proven: Proven }
  | { readonly type: 'closed' };

/** A request for what is answered to those who know the token: parts are sent one by one as they are asked for; null: that was all. */
export type FromContent = { readonly type: 'asked'; readonly channel: number } | { readonly type: 'fetched' };

/**
 * The sockets of a process, on its main thread, for the thread that computes: links, heartbeats, admission and listening ports work
 * however long that thread computes in one call. Knows no scenario.
 */
export class SocketHost {
  private readonly hub: PortHub;
  private readonly controls = new Set<ControlSocket>();
  private readonly open = new Set<MessageSocket>();
  private readonly listeners = new Set<Listener>();
  private closed = false;

  constructor(port: MessagePort) {
    this.hub = new PortHub(port, 1);
    const calls = this.hub.channel(0);
    calls.listen((call: Call) => void this.answer(calls, call));
  }

  /** The thread is cut off: workers leave in its place. */
  goodbye(): void {
    for (const socket of this.controls) socket.send('goodbye');
  }

  /** The thread is no more: nothing that it had open keeps the process alive. */
  async close(): Promise<void> {
    this.closed = true;
    for (const socket of this.controls) socket.close();
    for (const socket of this.open) socket.close(BROKEN);
    await Promise.all([...this.listeners].map((listener) => listener.close()));
    this.hub.release();
  }

  private async answer(calls: Channel, call: Call): Promise<void> {
    try {
      const { channel, about } = await this.opened(call);
      calls.post({ call: call.call, type: 'opened', channel, about } satisfies Answer);
    } catch (error) {
      const { code = null, message } = error as Error & { readonly code?: string };
      calls.post({ call: call.call, type: 'failed', code, message } satisfies Answer);
    }
  }

  private async opened(call: Call): Promise<{ readonly channel: number; readonly about: unknown }> {
    const sockets = await processSockets();
    switch (call.type) {
      case 'openLink':
        return this.relayed(await sockets.openLink(call.options));
      case 'openPlain':
        return this.relayed(await sockets.openPlain(...call.options));
      case 'openControl': {
        const socket = await sockets.openControl(call.options);
        this.controls.add(socket);
        if (this.closed) socket.close();
        return { channel: this.control(socket), about: socket.address };
      }
      case 'listen': {
        const listener = await sockets.listen(call.options);
        this.listeners.add(listener);
        if (this.closed) void listener.close();
        const channel = this.hub.open();
        channel.listen((message: ToListener) => void this.listening(listener, channel, message));
        const { address, localPath = null } = listener;
        return { channel: channel.id, about: { address, localPath } satisfies ListenedAt };
      }
    }
  }

  private relayed({ socket, localAddress }: OpenedSocket): { readonly channel: number; readonly about: unknown } {
    const channel = this.hub.open();
    relaySocket(socket, channel);
    this.open.add(socket);
    socket.on('close', () => this.open.delete(socket));
    if (this.closed) socket.close(BROKEN);
    return { channel: channel.id, about: localAddress };
  }

  private control(socket: ControlSocket): number {
    const channel = this.hub.open();
    relayControl(socket, channel);
    return channel.id;
  }

  private async listening(listener: Listener, channel: Channel, message: ToListener): Promise<void> {
    switch (message.type) {
      case 'accept':
        return this.accept(listener, this.hub.channel(message.channel), message.acceptance);
      case 'control':
        return this.joining(listener, this.hub.channel(message.channel), message.listening);
      case 'answer':
        return this.content(listener, this.hub.channel(message.channel), message.answered);
      case 'close':
        await listener.close();
        this.listeners.delete(listener);
        channel.post('closed');
        channel.close();
    }
  }

  private accept(listener: Listener, channel: Channel, acceptance: Acceptance): void {
    let untaken = 0;
    const acceptor = listener.accept(acceptance, (name, socket, numbered, isLocal) => {
      if (untaken >= LIMITS.untakenEvents) return socket.close(BREACH);
      untaken++;
      const opened = this.hub.open();
      channel.post({ name, numbered, isLocal, channel: opened.id } satisfies FromAcceptor);
      relaySocket(socket, opened);
    });
    channel.listen((message: ToAcceptor) => {
      if (message.type === 'admit') return acceptor.admit(message.keys);
      if (message.type === 'taken') {
        untaken--;
        return;
      }
      acceptor.close();
      channel.close();
    });
  }

  private joining(listener: Listener, channel: Channel, listening: Parameters<Listener['control']>[0]): void {
    const control = listener.control(listening, (socket, proven) => {
      const id = this.control(socket);
      channel.post({ type: 'connected', channel: id, address: socket.address, proven } satisfies FromControl);
    });
    channel.listen(async (message: ToControl) => {
      if (message.type === 'publish') control.publish(message.event, message.data);
      else if (message.type === 'keep') control.keepFor(message.event, message.data);
      else {
        await control.close();
        channel.post({ type: 'closed' } satisfies FromControl);
        channel.close();
      }
    });
  }

  private content(listener: Listener, channel: Channel, [path, proof, type]: readonly [string, string, string]): void {
    channel.listen(() => {});
    const stream = () => {
      const parts = this.hub.open();
      const content = new PassThrough();
      const next = () => parts.post('next');
      parts.listen((part: Uint8Array | null | 'failed') => {
        if (part === null) content.end();
        else if (part === 'failed') content.destroy(new Error('the content broke off'));
        else content.write(part, next);
      });
      content.once('close', () => {
        parts.post('end');
        parts.close();
      });
      channel.post({ type: 'asked', channel: parts.id } satisfies FromContent);
      next();
      return content;
    };
    listener.answerProven(path, proof, type, stream, () => channel.post({ type: 'fetched' } satisfies FromContent));
  }
}

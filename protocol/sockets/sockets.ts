import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import type { MessageSocket } from '../wire/message-socket.js';
import type { TlsTrust } from './challenge.js';
import type { ControlConnected, ControlListener, ControlListening } from './control-listener.js';
import type { ControlSocket } from './control-socket.js';
import type { ControlOpening } from './open-control.js';
import type { LinkOptions } from './open-link.js';
import type { ServerOptions } from './socket-server.js';

export interface OpenedSocket {
  readonly socket: MessageSocket;
  /** Of the first connection, on this side. */
  readonly localAddress: string;
}

export interface Acceptance {
  readonly path: string;
  /** Parameters of a request's query that open a socket, in the order in which a key has their values, one a line. */
  readonly parameters: readonly string[];
  readonly heartbeatMs: number;
  /** Requests wait for the first keys, no longer than any that is not admitted. */
  readonly early: 'wait' | 'refused';
}

/** Before anything is received. `name`: of the key that opened it. `numbered`: it survives its connections. `isLocal`: all of them come over a Unix-domain socket. */
export type Accepted = (name: string, socket: MessageSocket, numbered: boolean, isLocal: boolean) => void;

export interface Acceptor {
  /** Names by key: these open sockets from now on, and no others. A socket that is open stays. */
  admit(keys: ReadonlyMap<string, string>): void;
  close(): void;
}

/** A listening port. */
export interface Listener {
  readonly address: AddressInfo;
  /** Of the Unix-domain socket at which it listens too; null, or left out: there is none. */
  readonly localPath?: string | null;
  accept(acceptance: Acceptance, accepted: Accepted): Acceptor;
  control(listening: ControlListening, connected: ControlConnected): ControlListener;
  /**
   * GET of this path is answered with what `content` streams, for those who know the token, with the coordinator's proof in the
   * header `proof`. `fetched` is called once all of it has been sent.
   */
  answerProven(path: string, proof: string, type: string, content: () => Readable, fetched: () => void): void;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/** Everything that coordinator and workers open: sockets of this thread, or of the one that has them. */
export interface Sockets {
  /** Rejects with the system's error when the address cannot be listened at. Host '::': every interface, of either family. */
  listen(options: ServerOptions): Promise<Listener>;
  /** A numbered link, opened again whenever its connection breaks. Rejects with ERR_WORKER_LOST when there is none at first. */
  openLink(options: LinkOptions): Promise<OpenedSocket>;
  /** A websocket that is lost with its connection. Rejects with ERR_WORKER_LOST. */
  openPlain(url: string, timeoutMs: number, trust: TlsTrust): Promise<OpenedSocket>;
  /** A challenge of the coordinator at this address. Rejects with ERR_WORKER_LOST. */
  challenge(url: string, trust: TlsTrust, signal: AbortSignal | null): Promise<string>;
  /** Rejects with ERR_WORKER_LOST: there is no coordinator; with ERR_PROTOCOL: it refused the connection. */
  openControl(opening: ControlOpening): Promise<ControlSocket>;
}

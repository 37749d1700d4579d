import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { ServerOptions } from '../../protocol/sockets/socket-server.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { Resent } from '../../protocol/wire/message-socket.js';
import type { Member } from './membership.js';
import type { Archive } from './run-archive.js';

export interface ListenOptions extends Pick<ServerOptions, 'host' | 'port' | 'tls' | 'origins'> {
  /** What workers and observers must know; null: one that is drawn. */
  readonly token?: string | null;
}

export interface HostServerOptions {
  readonly scenario: Scenario;
  readonly method: AnyMethod;
  readonly parameterCount: number;
  /** Numbers of a client's estimate. Left out: of a whole model. */
  readonly estimateLength?: number;
  /** Names of what a worker read that is not what this process read. */
  readonly differences: (read: control.Ready['read']) => readonly string[];
  /** Null: loopback, on a port of the system's choice. */
  readonly listen: ListenOptions | null;
  /** The workers are of this machine, and started with the path at which the coordinator listens beside its port. */
  readonly localLink?: boolean;
  /** The first epoch of this process, and the rounds that its checkpoint holds. */
  readonly epoch: number;
  readonly fromRound: number;
  readonly signal: AbortSignal;
  /** The run directory as a tar stream, for those who know the token; left out: it is not given away. */
  readonly archive?: Archive;
  readonly observer: HostObserver;
}

export interface HostObserver {
  joined(member: Member, epoch: number, ready: control.Ready): void;
  lost(member: Member, epoch: number, reason: string): void;
  /** A worker was unreachable and is connected again; nothing was lost. */
  reopened(member: Member, epoch: number, resent: Resent): void;
  /** The epoch is abandoned; the next one begins when all seats are taken. */
  abandoned(epoch: number, reason: string): void;
  note(text: string): void;
  /** Once a second; a copy of what observers are sent. */
  seats?(table: control.Seats): void;
}

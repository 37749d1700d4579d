import type { z } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';
import type { UsedModule } from '../../protocol/scenario/scenario.js';
import type { Proven } from '../../protocol/sockets/admission.js';
import type { ControlListener } from '../../protocol/sockets/control-listener.js';
import type { ControlSocket } from '../../protocol/sockets/control-socket.js';
import type { Listener } from '../../protocol/sockets/sockets.js';
import * as control from '../../protocol/wire/control-messages.js';
import { pack, unpack } from '../../protocol/wire/packing.js';
import { printable } from '../../protocol/wire/printable.js';
import type { Member } from './membership.js';
import type { WorkerId } from './seats.js';
import { refusedModules } from './used-modules.js';

/** A worker that does not answer the end of the run in this time is left to find out by itself. */
const STOP_MS = 1000;
/** The same when the user stops the run: the worker tries again in any case. */
const STOP_SOON_MS = 300;

/** A refused worker has this long to read why. */
const REFUSAL_MS = 1000;

/** A hello has a handful of values, and five for each module. */
const HELLO_VALUES = 512;

export interface ControlEvents {
  /** A member has come whose older connections are still open. */
  arriving(message: control.Hello): void;
  /** Answered by `reply`, at once or later. */
  hello(message: control.Hello): void;
  seen(worker: WorkerId): void;
  goodbye(worker: WorkerId): void;
  /** The connection was lost. `returns`: the worker can do without, and opens another. */
  closed(worker: WorkerId, why: string, returns: boolean): void;
  /** The worker broke the protocol. */
  broke(worker: WorkerId, why: string): void;
  done(worker: WorkerId, message: control.Done): void;
  failed(worker: WorkerId, message: control.Failed): void;
}

export interface ControlOptions {
  /** A worker that is silent for longer loses its seat, milliseconds. */
  readonly heartbeatMs: number;
  /** Largest message of a worker, bytes and values. */
  readonly maxBytes: number;
  readonly maxValues: number;
  /** Modules that every worker must have loaded. */
  readonly use: readonly UsedModule[];
}

interface Connection {
  readonly socket: ControlSocket;
  readonly proven: Proven;
  readonly returns: boolean;
  /** Of its hello; null once it was given. */
  answer: ((reply: Uint8Array) => void) | null;
}

/** Requests to a worker without an answer yet: repeated when it reconnects. */
interface Question {
  readonly event: string;
  readonly message: Uint8Array;
  readonly answered: (reply: unknown) => void;
  readonly failed: (error: Error) => void;
}

/** The control channel: it carries joins, assignments, rounds and liveness; never a vector. Knows processes, not seats. */
export class ControlServer {
  private readonly listener: ControlListener;
  private readonly connections = new Map<WorkerId, Connection>();
  private readonly questions = new Map<WorkerId, Set<Question>>();
  private readonly addresses = new Map<WorkerId, string>();

  constructor(
    server: Listener,
    private readonly options: ControlOptions,
    private readonly events: ControlEvents,
  ) {
    this.listener = server.control(options, (socket, proven) => this.connected(socket, proven));
  }

  /** The address that the worker's last connection came from, as it stands in a URL. */
  addressOf(worker: WorkerId): string | null {
    return this.addresses.get(worker) ?? null;
  }

  isConnected(worker: WorkerId): boolean {
    return this.connections.has(worker);
  }

  /** Is an answer to this event awaited? */
  isAsked(worker: WorkerId, event: string): boolean {
    return [...(this.questions.get(worker) ?? [])].some((question) => question.event === event);
  }

  /** Every observer that comes is sent this after its welcome. */
  keepFor(event: string, message: unknown): void {
    this.listener.keepFor(event, pack(message));
  }

  /** To all observers; a message that one cannot take at once is not kept for it. */
  publish(event: string, message: unknown): void {
    this.listener.publish(event, pack(message));
  }

  notify(worker: WorkerId, event: string, message: unknown): void {
    this.connections.get(worker)?.socket.send(event, pack(message));
  }

  /** Asks and waits for the answer, over later connections too; rejects with ERR_WORKER_LOST when none comes in time. */
  async ask<S extends z.ZodType>(
    { id, worker }: Pick<Member, 'id' | 'worker'>,
    event: string,
    message: unknown,
    schema: S,
    timeoutMs: number,
    /** The limit as an error names it. */
    limit = `${timeoutMs}`,
  ): Promise<z.output<S>> {
    const questions = this.questions.get(worker) ?? new Set();
    this.questions.set(worker, questions);
    const lost = (why: string) => new GradswarmError('ERR_WORKER_LOST', `${id} ${why}`);
    const reply = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => question.failed(lost(`did not answer '${event}' within ${limit} ms`)), timeoutMs);
      const settled = (settle: () => void): void => {
        clearTimeout(timer);
        questions.delete(question);
        settle();
      };
      const question: Question = {
        event,
        message: pack(message),
        answered: (answer) => settled(() => resolve(answer)),
        failed: (error) => settled(() => reject(error)),
      };
      questions.add(question);
      const connection = this.connections.get(worker);
      if (connection) this.put(connection, question);
    });
    const answer = this.unpacked(reply) as { readonly error?: { readonly code: string; readonly message: string } };
    if (answer && typeof answer === 'object' && answer.error)
      throw new GradswarmError('ERR_PROTOCOL', `${id}, '${event}': ${printable(String(answer.error.message))}`);
    return control.checked(schema, answer, `${id}, answer to '${event}'`);
  }

  /** Answers the worker's hello, once. */
  reply(worker: WorkerId, place: { readonly seat: number } | { readonly spare: true }): void {
    const connection = this.connections.get(worker);
    if (!connection?.answer) return;
    connection.answer(pack({ ...place, proof: connection.proven.answer } satisfies control.Admission));
    connection.answer = null;
    for (const question of this.questions.get(worker) ?? []) this.put(connection, question);
  }

  /** Notifies a worker that it is no longer needed, and closes its connection after delivery. */
  async dismiss(worker: WorkerId, message: control.Stop): Promise<void> {
    const connection = this.connections.get(worker);
    this.forget(worker);
    if (!connection) return;
    const { socket, answer, proven } = connection;
    if (answer) {
      answer(pack({ ...message, proof: proven.answer } satisfies control.Admission));
      await new Promise((resolve) => setTimeout(resolve, REFUSAL_MS).unref());
    } else
      await new Promise<void>((resolve) => {
        const isSoon = 'over' in message && message.over === 'again';
        const timer = setTimeout(resolve, isSoon ? STOP_SOON_MS : STOP_MS);
        socket.send('stop', pack(message), () => {
          clearTimeout(timer);
          resolve();
        });
      });
    socket.close();
  }

  /** Closes the worker's connection: it notices by itself, and joins again. */
  drop(worker: WorkerId): void {
    const connection = this.connections.get(worker);
    this.forget(worker);
    connection?.socket.close();
  }

  async close(): Promise<void> {
    for (const worker of [...this.questions.keys()]) this.forget(worker);
    await this.listener.close();
  }

  private forget(worker: WorkerId): void {
    this.connections.delete(worker);
    const questions = this.questions.get(worker) ?? [];
    this.questions.delete(worker);
    this.addresses.delete(worker);
    for (const { failed } of [...questions]) failed(new GradswarmError('ERR_WORKER_LOST', 'it was let go'));
  }

  private put({ socket }: Connection, { event, message, answered }: Question): void {
    socket.send(event, message, answered);
  }

  private connected(socket: ControlSocket, proven: Proven): void {
    let worker: WorkerId | null = null;
    let refused = false;
    const isCurrent = () => worker !== null && this.connections.get(worker)?.socket === socket;
    socket.listen({
      received: (event, data, answer) => {
        if (event === 'hello') {
          if (refused) return;
          if (answer && worker === null) worker = this.hello(socket, proven, data, answer);
          else {
            // A second hello breaks the protocol: the worker loses its connection and its seat.
            if (worker !== null && isCurrent()) this.events.broke(worker, 'it sent a second hello');
            socket.close();
          }
          refused = worker === null;
        } else if (worker !== null && event === 'goodbye') this.events.goodbye(worker);
        else if (worker !== null && isCurrent()) this.received(worker, event, data);
      },
      seen: () => {
        if (worker !== null) this.events.seen(worker);
      },
      closed: (reason) => {
        if (worker === null || !isCurrent()) return;
        const { returns } = this.connections.get(worker)!;
        this.connections.delete(worker);
        this.events.closed(worker, reason, returns);
      },
    });
  }

  /** Null: it was refused. */
  private hello(
    socket: ControlSocket,
    proven: Proven,
    data: unknown,
    answer: (reply: Uint8Array) => void,
  ): WorkerId | null {
    let message: control.Hello;
    try {
      message = control.checked(control.hello, unpack(data, HELLO_VALUES), 'hello');
      const refused = refusedModules(this.options.use, message.use);
      if (refused !== null) throw new GradswarmError('ERR_PROTOCOL', refused);
    } catch (error) {
      answer(pack({ refused: (error as Error).message, proof: proven.answer } satisfies control.Admission));
      setTimeout(() => socket.close(), REFUSAL_MS).unref();
      return null;
    }
    const worker = message.process;
    socket.admit();
    this.events.arriving(message);
    const older = this.connections.get(worker);
    const returns = message.resumes !== undefined;
    this.connections.set(worker, { socket, proven, returns, answer });
    this.addresses.set(worker, socket.address);
    older?.socket.close();
    this.events.hello(message);
    return worker;
  }

  private received(worker: WorkerId, event: string, data: unknown): void {
    try {
      if (event === 'done') this.events.done(worker, control.checked(control.done, this.unpacked(data), worker));
      else if (event === 'failed')
        this.events.failed(worker, control.checked(control.failed, this.unpacked(data), worker));
      else throw new GradswarmError('ERR_PROTOCOL', 'it sent an event that no worker sends');
    } catch (error) {
      this.events.broke(worker, (error as Error).message);
    }
  }

  private unpacked(data: unknown): unknown {
    return unpack(data, this.options.maxValues);
  }
}

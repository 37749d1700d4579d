import { createServer, type IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { z } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';
import type { UsedModule } from '../../protocol/scenario/scenario.js';
import type { Proven } from '../../protocol/sockets/admission.js';
import type { SocketServer } from '../../protocol/sockets/socket-server.js';
import * as control from '../../protocol/wire/control-messages.js';
import { pack, unpack } from '../../protocol/wire/packing.js';
import type { Member } from './membership.js';
import type { WorkerId } from './seats.js';
import { refusedModules } from './used-modules.js';

/** A worker that does not answer the end of the run in this time is left to find out by itself. */
const STOP_MS = 1000;

/** A refused worker has this long to read why. */
const REFUSAL_MS = 1000;

/** A hello has a handful of values, and five for each module. */
const HELLO_VALUES = 512;

const CONTROL_PATH = '/socket.io/';

/** The socket.io room of observers, which are sent the progress of the run. */
const OBSERVERS = 'observers';

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
  readonly socket: Socket;
  readonly proven: Proven;
  readonly returns: boolean;
  /** Of its hello; null once it was given. */
  answer: ((reply: unknown) => void) | null;
}

/** Requests to a worker without an answer yet: repeated when it reconnects. */
interface Question {
  readonly event: string;
  readonly message: Uint8Array;
  readonly answered: (reply: unknown) => void;
  readonly failed: (error: Error) => void;
}

/** The control channel: socket.io carries joins, assignments, rounds and liveness; never a vector. Knows processes, not seats. */
export class ControlServer {
  private readonly io: Server;
  private readonly connections = new Map<WorkerId, Connection>();
  /** By event; sent to each observer when it comes. */
  private readonly lasting = new Map<string, unknown>();
  private readonly questions = new Map<WorkerId, Set<Question>>();
  private readonly addresses = new Map<WorkerId, string>();
  /** What each connection has shown before it was taken in. */
  private readonly proven = new WeakMap<IncomingMessage, Proven>();

  constructor(
    private readonly server: SocketServer,
    private readonly options: ControlOptions,
    private readonly events: ControlEvents,
  ) {
    // Never listens: socket.io gets the upgrades that it is handed, and closing it waits for no other connections.
    const handed = createServer();
    this.io = new Server(handed, {
      serveClient: false,
      transports: ['websocket'],
      perMessageDeflate: false,
      pingInterval: Math.max(25, Math.round(options.heartbeatMs / 4)),
      // Silence is judged by the seats, which know when it was this process that did not listen.
      pingTimeout: 4 * Math.max(25, options.heartbeatMs),
      maxHttpBufferSize: options.maxBytes,
    });
    server.routeProven(CONTROL_PATH, ({ request, socket, head }, proven) => {
      this.proven.set(request, proven);
      handed.emit('upgrade', request, socket, head);
    });
    this.io.on('connection', (socket) => {
      const proven = this.proven.get(socket.request);
      if (proven?.role === 'worker')
        socket.on('hello', (data: unknown, answer: unknown) => this.hello(socket, proven, data, answer));
      else if (proven?.role === 'observer') this.observe(socket, proven);
      else socket.disconnect(true);
    });
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
    this.lasting.set(event, message);
  }

  /** To all observers; a message that one cannot take at once is not kept for it. */
  publish(event: string, message: unknown): void {
    this.io.to(OBSERVERS).volatile.emit(event, pack(message));
  }

  notify(worker: WorkerId, event: string, message: unknown): void {
    this.connections.get(worker)?.socket.emit(event, pack(message));
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
      throw new GradswarmError('ERR_PROTOCOL', `${id}, '${event}': ${answer.error.message}`);
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
      await socket
        .timeout(STOP_MS)
        .emitWithAck('stop', pack(message))
        .catch(() => {});
    socket.disconnect(true);
  }

  /** Closes the worker's connection: it notices by itself, and joins again. */
  drop(worker: WorkerId): void {
    const connection = this.connections.get(worker);
    this.forget(worker);
    connection?.socket.disconnect(true);
  }

  async close(): Promise<void> {
    for (const worker of [...this.questions.keys()]) this.forget(worker);
    await this.io.close();
  }

  private forget(worker: WorkerId): void {
    this.connections.delete(worker);
    const questions = this.questions.get(worker) ?? [];
    this.questions.delete(worker);
    this.addresses.delete(worker);
    for (const { failed } of [...questions]) failed(new GradswarmError('ERR_WORKER_LOST', 'it was let go'));
  }

  private put({ socket }: Connection, { event, message, answered }: Question): void {
    socket.emit(event, message, answered);
  }

  private hello(socket: Socket, proven: Proven, data: unknown, answer: unknown): void {
    const known = [...this.connections].find(([, { socket: other }]) => other === socket);
    if (typeof answer !== 'function' || known) {
      // A second hello breaks the protocol: the worker loses its connection and its seat.
      if (known) this.events.broke(known[0], 'it sent a second hello');
      socket.disconnect(true);
      return;
    }
    let message: control.Hello;
    try {
      message = control.checked(control.hello, unpack(data, HELLO_VALUES), 'hello');
      const refused = refusedModules(this.options.use, message.use);
      if (refused !== null) throw new GradswarmError('ERR_PROTOCOL', refused);
    } catch (error) {
      answer(pack({ refused: (error as Error).message, proof: proven.answer } satisfies control.Admission));
      socket.removeAllListeners('hello');
      setTimeout(() => socket.disconnect(true), REFUSAL_MS).unref();
      return;
    }
    const worker = message.process;
    this.server.admit(socket.request);
    this.events.arriving(message);
    const older = this.connections.get(worker);
    const returns = message.resumes !== undefined;
    this.connections.set(worker, { socket, proven, returns, answer: answer as (reply: unknown) => void });
    const address = socket.handshake.address.replace(/^::ffff:/, '');
    this.addresses.set(worker, address.includes(':') ? `[${address}]` : address);
    older?.socket.disconnect(true);
    socket.conn.on('heartbeat', () => this.events.seen(worker));
    socket.on('goodbye', () => this.events.goodbye(worker));
    socket.on(
      'done',
      this.received(socket, worker, control.done, (report) => this.events.done(worker, report)),
    );
    socket.on(
      'failed',
      this.received(socket, worker, control.failed, (failure) => this.events.failed(worker, failure)),
    );
    socket.on('disconnect', (reason) => {
      if (this.connections.get(worker)?.socket !== socket) return;
      this.connections.delete(worker);
      this.events.closed(worker, reason, returns);
    });
    this.events.hello(message);
  }

  private observe(socket: Socket, proven: Proven): void {
    this.server.admit(socket.request);
    void socket.join(OBSERVERS);
    socket.emit('welcome', pack({ proof: proven.answer } satisfies control.Welcome));
    for (const [event, message] of this.lasting) socket.emit(event, pack(message));
  }

  private received<S extends z.ZodType>(
    socket: Socket,
    worker: WorkerId,
    schema: S,
    use: (message: z.output<S>) => void,
  ) {
    return (data: unknown) => {
      if (this.connections.get(worker)?.socket !== socket) return;
      try {
        use(control.checked(schema, this.unpacked(data), worker));
      } catch (error) {
        this.events.broke(worker, (error as Error).message);
      }
    };
  }

  private unpacked(data: unknown): unknown {
    return unpack(data, this.options.maxValues);
  }
}

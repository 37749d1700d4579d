import { createServer } from 'node:http';
import { Packr } from 'msgpackr';
import { Server, type Socket } from 'socket.io';
import type { z } from 'zod';
import { GradswarmError } from '../../protocol/errors.js';
import type { SocketServer } from '../../protocol/sockets/socket-server.js';
import * as control from '../../protocol/wire/control-messages.js';
import type { Member, Membership } from './membership.js';

const packr = new Packr({ useRecords: false });

/** A worker that does not answer the end of the run in this time is left to find out by itself. */
const STOP_MS = 1000;

/** A refused worker has this long to read why. */
const REFUSAL_MS = 1000;

const CONTROL_PATH = '/socket.io/';

export interface ControlEvents {
  joined(member: Member): void;
  done(member: Member, message: control.Done): void;
  failed(member: Member, message: control.Failed): void;
  lost(member: Member, reason: string): void;
}

export interface ControlOptions {
  /** A worker that is silent for longer is lost, milliseconds. */
  readonly heartbeatMs: number;
}

/** The control channel: socket.io carries joins, assignments, rounds and liveness; never a vector. */
export class ControlServer {
  private readonly io: Server;
  private readonly sockets = new Map<string, Socket>();

  constructor(
    private readonly server: SocketServer,
    private readonly membership: Membership,
    private readonly options: ControlOptions,
    private readonly events: ControlEvents,
  ) {
    // Never listens: socket.io gets the upgrades that it is handed, and closing it waits for nobody else's connections.
    const handed = createServer();
    this.io = new Server(handed, {
      serveClient: false,
      transports: ['websocket'],
      perMessageDeflate: false,
      // A worker that stops right after an answer has sent nothing for one interval and one timeout.
      pingInterval: Math.max(50, Math.round(options.heartbeatMs / 2)),
      pingTimeout: Math.max(50, Math.round(options.heartbeatMs / 2)),
      maxHttpBufferSize: 64 << 20,
    });
    server.route(CONTROL_PATH, ({ request, socket, head }) => handed.emit('upgrade', request, socket, head));
    this.io.on('connection', (socket) => {
      socket.on('hello', (data: unknown, answer: unknown) => this.hello(socket, data, answer));
    });
  }

  /** The address that the member's connection comes from, as it stands in a URL. */
  addressOf(member: Member): string | null {
    const address = this.sockets.get(member.id)?.handshake.address.replace(/^::ffff:/, '');
    if (address === undefined) return null;
    return address.includes(':') ? `[${address}]` : address;
  }

  notify(member: Member, event: string, message: unknown): void {
    this.sockets.get(member.id)?.emit(event, packr.pack(message));
  }

  /** Asks and waits for the answer; rejects with ERR_WORKER_LOST when none comes in time. */
  async ask<S extends z.ZodType>(
    member: Member,
    event: string,
    message: unknown,
    schema: S,
    timeoutMs: number,
    /** The limit as an error names it. */
    limit = `${timeoutMs}`,
  ): Promise<z.output<S>> {
    const socket = this.sockets.get(member.id);
    if (!socket) throw new GradswarmError('ERR_WORKER_LOST', `${member.id} is not connected`);
    let reply: unknown;
    try {
      reply = await socket.timeout(timeoutMs).emitWithAck(event, packr.pack(message));
    } catch (cause) {
      throw new GradswarmError('ERR_WORKER_LOST', `${member.id} did not answer '${event}' within ${limit} ms`, {
        cause,
      });
    }
    const answer = unpacked(reply) as { readonly error?: { readonly code: string; readonly message: string } };
    if (answer && typeof answer === 'object' && answer.error)
      throw new GradswarmError('ERR_PROTOCOL', `${member.id}, '${event}': ${answer.error.message}`);
    return control.checked(schema, answer, `${member.id}, answer to '${event}'`);
  }

  drop(member: Member): void {
    this.sockets.get(member.id)?.disconnect(true);
    this.sockets.delete(member.id);
  }

  async close(): Promise<void> {
    // Answered before anything is closed: else a worker may see its frame socket end first and take the run for broken.
    const told = [...this.sockets.values()].map((socket) =>
      socket
        .timeout(STOP_MS)
        .emitWithAck('stop')
        .catch(() => {}),
    );
    await Promise.all(told);
    await this.io.close();
  }

  private hello(socket: Socket, data: unknown, answer: unknown): void {
    const seated = [...this.sockets].find(([, other]) => other === socket);
    if (typeof answer !== 'function' || seated) {
      // A member that says hello again has broken the protocol: with its connection it loses its place.
      socket.disconnect(true);
      return;
    }
    const refuse = (message: string) => {
      answer(packr.pack({ refused: message }));
      socket.removeAllListeners('hello');
      setTimeout(() => socket.disconnect(true), REFUSAL_MS).unref();
    };
    let message: control.Hello;
    try {
      message = control.checked(control.hello, unpacked(data), 'hello');
    } catch (error) {
      return refuse((error as Error).message);
    }
    const member = this.membership.admit(message.name);
    if (!member) return refuse('all places of this run are taken; start another worker when one is lost');
    this.server.admit(socket.request.socket);
    this.sockets.set(member.id, socket);
    socket.on(
      'done',
      this.received(member, control.done, (report) => this.events.done(member, report)),
    );
    socket.on(
      'failed',
      this.received(member, control.failed, (failure) => this.events.failed(member, failure)),
    );
    socket.on('disconnect', (reason) => {
      if (this.sockets.get(member.id) !== socket) return;
      this.sockets.delete(member.id);
      const { heartbeatMs } = this.options;
      this.events.lost(
        member,
        reason === 'ping timeout' ? `it sent nothing for workers.heartbeatMs = ${heartbeatMs} ms` : reason,
      );
    });
    answer(packr.pack({ worker: member.id }));
    this.events.joined(member);
  }

  private received<S extends z.ZodType>(member: Member, schema: S, use: (message: z.output<S>) => void) {
    return (data: unknown) => {
      if (member.lost) return;
      try {
        use(control.checked(schema, unpacked(data), member.id));
      } catch (error) {
        this.events.lost(member, (error as Error).message);
      }
    };
  }
}

/** Throws ERR_PROTOCOL for all but msgpack. What was sent is not repeated: it may be anything. */
function unpacked(data: unknown): unknown {
  if (!(data instanceof Uint8Array)) throw new GradswarmError('ERR_PROTOCOL', 'expected one binary argument');
  try {
    return packr.unpack(data);
  } catch {
    throw new GradswarmError('ERR_PROTOCOL', 'expected msgpack, got other bytes');
  }
}

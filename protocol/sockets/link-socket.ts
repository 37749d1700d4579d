import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import { LIMITS } from '../wire/limits.js';
import {
  BREACH,
  BROKEN,
  CLOSED,
  type MessageSocket,
  type MessageSocketEvents,
  type Resent,
  TEXT_MESSAGE,
} from '../wire/message-socket.js';
import { countBytes, NumberedLink, readCount } from '../wire/numbered-link.js';
import { printable } from '../wire/printable.js';
import type { Connection } from './connection.js';
import { receivingMemory } from './gathered-messages.js';
import { pongsOf } from './pongs.js';
import { Untaken } from './untaken.js';

/** How long the other end may take to answer a close. */
const CLOSE_MS = 1000;

/** A check that comes later than this was delayed by this process: the other end is not considered silent. */
const LATE_MS = 1000;

/** Codes of websockets that end with their connection: going away, no close frame, errors of servers and proxies. */
const CONNECTION_CODES: readonly number[] = [1001, 1005, BROKEN, 1011, 1012, 1013, 1014, 1015];

/** The other end of a link counts as unreachable after this time without a sign of life. */
export function silenceOf(heartbeatMs: number): number {
  return heartbeatMs / 2;
}

/** A numbered link over one websocket after the other: a message socket that survives its connections. */
export class LinkSocket implements MessageSocket {
  private readonly link = new NumberedLink();
  private readonly events = new EventEmitter<MessageSocketEvents & Record<string, unknown[]>>();
  private connection: Connection | null = null;
  private over = false;
  private ackTimer: NodeJS.Timeout | null = null;
  private seenMs = performance.now();
  private checkedMs = performance.now();
  private downSinceMs: number | null = null;
  private opened = false;
  /** Messages that were taken; null: all that came. */
  private taken: number | null = null;
  private readonly untaken = new Untaken();
  /** Of what is received, over all connections. */
  readonly memory = receivingMemory();
  private readonly checks: NodeJS.Timeout;

  /** `heartbeatMs`: a sign of life is sent four times in this time, and silence of half of it ends a connection. */
  constructor(private readonly heartbeatMs: number) {
    this.checks = setInterval(() => this.check(), Math.max(20, heartbeatMs / 4)).unref();
  }

  get bufferedAmount(): number {
    return this.link.unacknowledgedBytes;
  }

  get unwrittenBytes(): number {
    return this.connection?.stream.writableLength ?? 0;
  }

  get received(): number {
    return this.link.received;
  }

  get isUp(): boolean {
    return this.connection !== null;
  }

  get isOver(): boolean {
    return this.over;
  }

  /** May a connection begin at this count of the other end? */
  canResume(count: number): boolean {
    return !this.over && this.link.canResume(count);
  }

  /** Continues over this connection, and no longer over an older one. Throws ERR_PROTOCOL for a count that cannot be. */
  attach(connection: Connection, count: number): void {
    this.link.acknowledge(count);
    this.connection?.socket.terminate();
    this.connection = connection;
    this.seenMs = performance.now();
    const { socket, stream } = connection;
    this.listen(connection);
    stream.on('drain', () => {
      if (this.connection === connection) this.events.emit('drain');
    });
    if (this.untaken.isFull) socket.pause();
    // All that came: what the other end sends again begins after it.
    this.acknowledge(this.link.received);
    const again = this.link.unacknowledged();
    for (const message of again) socket.send(message);
    if (!this.opened) {
      this.opened = true;
      return;
    }
    const downMs = this.downSinceMs === null ? 0 : this.seenMs - this.downSinceMs;
    this.downSinceMs = null;
    const resent: Resent = { messages: again.length, bytes: this.link.unacknowledgedBytes, downMs };
    this.events.emit('up', resent);
  }

  send(message: Uint8Array, sent?: () => void): void {
    // What is sent on a link that is over is dropped, so that no sender waits for room.
    if (this.over) return;
    this.link.send(message, sent);
    this.connection?.socket.send(message);
  }

  /** Of what is not taken nothing is acknowledged, so that its sender waits; of one that does not, no more is read. */
  holdBack(): (messages: number) => void {
    this.taken = this.link.received;
    return (messages) => {
      this.taken! += messages;
      this.untaken.take(messages);
      const socket = this.connection?.socket;
      if (socket?.isPaused && !this.untaken.isFull) socket.resume();
      this.acknowledgeSoon();
    };
  }

  reuse(message: Uint8Array): void {
    this.memory.give(message);
  }

  cork(): void {
    this.connection?.stream.cork();
  }

  uncork(): void {
    this.connection?.stream.uncork();
  }

  close(code: number = CLOSED): void {
    const { connection } = this;
    if (connection && code !== BROKEN) {
      const { socket } = connection;
      this.acknowledge();
      socket.close(code);
      setTimeout(() => socket.terminate(), CLOSE_MS).unref();
    } else connection?.socket.terminate();
    this.end(code, '');
  }

  on<E extends keyof MessageSocketEvents>(event: E, listener: (...args: MessageSocketEvents[E]) => void): void {
    this.events.on(event as string, listener as (...args: unknown[]) => void);
  }

  /** There will be no other connection. */
  end(code: number, reason: string): void {
    if (this.over) return;
    this.over = true;
    this.connection = null;
    clearInterval(this.checks);
    if (this.ackTimer) clearTimeout(this.ackTimer);
    this.events.emit('close', code, reason);
    this.link.acknowledge(this.link.sent);
  }

  private listen({ socket, stream }: Connection): void {
    const isCurrent = () => this.connection?.socket === socket;
    const pong = pongsOf(socket);
    let breach: string | null = null;
    let error = '';
    socket.on('error', (problem: Error & { readonly code?: string }) => {
      error = problem.message;
      // Such as a message that is too large: the next connection would bring it again.
      if (problem.code?.startsWith('WS_ERR_')) breach = problem.message;
    });
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      if (!isCurrent()) return;
      if (isBinary === false) {
        breach = TEXT_MESSAGE;
        return socket.terminate();
      }
      this.seenMs = performance.now();
      this.link.receive(message);
      if (this.taken === null) this.acknowledgeSoon();
      else this.hold(message, socket);
      this.events.emit('message', message);
      if (this.untaken.isOverrun) {
        socket.terminate();
        this.end(BREACH, `more than ${2 * LIMITS.untakenBytes} bytes came while this process computed`);
      }
    });
    socket.on('ping', (payload: Buffer) => {
      if (!isCurrent()) return;
      this.seenMs = performance.now();
      const count = readCount(payload);
      if (count === null) pong(payload);
      else
        try {
          // Room for many messages: what fills it leaves in one piece.
          stream.cork();
          this.link.acknowledge(count);
        } catch (problem) {
          breach = (problem as Error).message;
          return socket.terminate();
        } finally {
          stream.uncork();
        }
      this.events.emit('seen');
    });
    socket.on('close', (code, reason) => {
      if (!isCurrent()) return;
      const why = breach ?? (error || printable(reason.toString()) || `closed with ${code}`);
      if (breach !== null || !CONNECTION_CODES.includes(code)) this.end(code, why);
      else this.lose(why);
    });
  }

  private hold(message: Uint8Array, socket: WebSocket): void {
    this.untaken.add(message.byteLength);
    if (this.untaken.isFull) socket.pause();
  }

  private lose(why: string): void {
    this.connection = null;
    this.downSinceMs = performance.now();
    this.events.emit('down', why);
  }

  private acknowledgeSoon(): void {
    if (this.over) return;
    if (this.link.unreportedBytes >= LIMITS.ackBytes) this.acknowledge();
    else this.ackTimer ??= setTimeout(() => this.acknowledge(), LIMITS.ackMs).unref();
  }

  private acknowledge(count = this.taken ?? this.link.received): void {
    if (this.ackTimer) clearTimeout(this.ackTimer);
    this.ackTimer = null;
    this.connection?.socket.ping(countBytes(this.link.report(count)));
  }

  private check(): void {
    const nowMs = performance.now();
    const delayed = nowMs - this.checkedMs > this.heartbeatMs / 4 + LATE_MS;
    this.checkedMs = nowMs;
    if (!this.connection) return;
    // What is not read may be a sign of life.
    if (delayed || this.untaken.isFull) this.seenMs = nowMs;
    const silentMs = nowMs - this.seenMs;
    if (silentMs > silenceOf(this.heartbeatMs)) {
      const { socket } = this.connection;
      this.lose(`nothing came for ${Math.round(silentMs)} ms`);
      socket.terminate();
    } else this.acknowledge();
  }
}

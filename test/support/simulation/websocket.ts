import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { PipeEnd } from './pipe.js';
import type { SimProcess, World } from './world.js';

const NORMAL = 1000;
const ABNORMAL = 1006;

/** What goes over a pipe of websockets. */
type Carried =
  | { readonly type: 'message' | 'ping' | 'pong'; readonly data: Buffer }
  | { readonly type: 'close'; readonly code: number; readonly answers: boolean }
  | { readonly type: 'accepted' }
  | { readonly type: 'refused'; readonly status: number };

/** Of every socket: messages do not go through it, so what would gather their pieces is never called, and not kept. */
export const STREAM = {
  /** The other end takes all at once: nothing waits, so nothing drains. */
  writableLength: 0,
  on() {},
  cork() {},
  uncork() {},
  get emit() {
    return () => true;
  },
  set emit(_gathering: unknown) {},
} as unknown as Duplex;

/** As much of a websocket of the package `ws` as links use, over a pipe. */
export class SimWebSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  private state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  private end: PipeEnd | null = null;

  constructor(
    private readonly world: World,
    private readonly process: SimProcess,
  ) {
    super();
  }

  static accepted(end: PipeEnd): SimWebSocket {
    const socket = new SimWebSocket(end.pipe.carrier.world, end.process);
    socket.use(end);
    socket.state = 'open';
    return socket;
  }

  use(end: PipeEnd): void {
    if (this.state === 'closed') return end.destroy();
    this.end = end;
    end.received = (message) => this.receive(message as Carried);
    end.closed = () => this.closeWith(ABNORMAL);
  }

  /** A handshake that comes to nothing. */
  fail(why: string): void {
    if (this.state !== 'connecting') return;
    this.emit('error', new Error(why));
    this.terminate();
  }

  send(message: Uint8Array, sent?: (error?: Error) => void): void {
    if (this.state === 'connecting') throw new Error('WebSocket is not open: readyState 0 (CONNECTING)');
    if (this.state === 'open') this.put('message', message);
    if (sent) this.world.schedule(this.process, 0, () => sent());
  }

  ping(payload: Uint8Array = EMPTY): void {
    if (this.state === 'open') this.put('ping', payload);
  }

  pong(payload: Uint8Array = EMPTY): void {
    if (this.state === 'open') this.put('pong', payload);
  }

  close(code = NORMAL): void {
    if (this.state === 'connecting') return this.fail('WebSocket was closed before the connection was established');
    if (this.state !== 'open') return;
    this.state = 'closing';
    this.end!.send({ type: 'close', code, answers: false } satisfies Carried);
  }

  terminate(): void {
    if (this.state === 'closed') return;
    this.closeWith(ABNORMAL);
  }

  private put(type: 'message' | 'ping' | 'pong', data: Uint8Array): void {
    this.end!.send({ type, data: Buffer.from(data) } satisfies Carried);
  }

  private receive(carried: Carried): void {
    if (this.state === 'closed') return;
    switch (carried.type) {
      case 'accepted':
        if (this.state !== 'connecting') return;
        this.state = 'open';
        this.emit('upgrade', { socket: STREAM });
        this.emit('open');
        return;
      case 'refused':
        if (this.listenerCount('unexpected-response') > 0)
          this.emit('unexpected-response', null, { statusCode: carried.status });
        else this.fail(`Unexpected server response: ${carried.status}`);
        return;
      case 'close':
        if (!carried.answers) this.end!.send({ ...carried, answers: true } satisfies Carried);
        this.closeWith(carried.code);
        return;
      default:
        this.emit(carried.type, carried.data);
    }
  }

  private closeWith(code: number): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.end?.destroy();
    this.world.schedule(this.process, 0, () => this.emit('close', code, Buffer.alloc(0)));
  }
}

const EMPTY = new Uint8Array(0);

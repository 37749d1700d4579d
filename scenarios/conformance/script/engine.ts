import type { RawData, WebSocket } from 'ws';
import { NotReached } from '../case.js';
import { Inbox } from './inbox.js';
import { packed, unpacked } from './msgpack.js';

/** An event or acknowledgement with its one binary argument, or with none. */
export interface Packet {
  readonly type: 'event' | 'ack';
  /** Of an event. */
  readonly name: string;
  /** Number of the acknowledgement that is asked for, or given. */
  readonly id: number | null;
  readonly data: Uint8Array | null;
  /** Arguments as they stood in the packet. */
  readonly args: readonly unknown[];
}

const BINARY_EVENT = '5';
const BINARY_ACK = '6';
const PATIENCE_MS = 10_000;

/**
 * One end of a socket.io connection, packet by packet as the two protocols' texts have them (Engine.IO 4 over websocket,
 * socket.io 5), so that a case may send what no library would.
 */
export class Engine {
  readonly received = new Inbox<Packet>();
  /** Engine.IO's own packets, by their first character: 0 open, 1 close, 2 ping, 3 pong; 40 and 41: socket.io's connect and disconnect. */
  readonly signs = new Inbox<string>();
  /** Left out: pings are answered. */
  mute = false;
  readonly closed: Promise<string>;
  isClosed = false;
  private pending: { text: string; missing: number; parts: Uint8Array[] } | null = null;
  private nextId = 0;

  constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) =>
      socket.once('close', (code) => {
        this.isClosed = true;
        const why = `the connection was closed (${code})`;
        this.received.end(why);
        this.signs.end(why);
        resolve(why);
      }),
    );
    socket.on('error', () => {});
    socket.on('message', (message: RawData, binary: boolean) => this.take(message as Buffer, binary));
  }

  /** The side that listens: opens the session and answers the connect packet. */
  async serve(sid: string): Promise<void> {
    this.text(`0{"sid":"${sid}","upgrades":[],"pingInterval":1000,"pingTimeout":60000,"maxPayload":4194304}`);
    const sign = await this.signs.next('socket.io connect packet', (text) => text.startsWith('40'), PATIENCE_MS);
    if (sign !== '40' && !sign.startsWith('40{')) throw new NotReached(`a connect packet '${sign}'`);
    this.text(`40{"sid":"${sid}-0"}`);
    const pinging = setInterval(() => (this.mute ? undefined : this.text('2')), 1000);
    void this.closed.then(() => clearInterval(pinging));
  }

  /** The side that connects. */
  async connect(): Promise<void> {
    await this.signs.next('Engine.IO open packet', (text) => text.startsWith('0'), PATIENCE_MS);
    this.text('40');
    await this.signs.next('socket.io connect packet', (text) => text.startsWith('40'), PATIENCE_MS);
  }

  text(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
  }

  /** A message, msgpack unless it is bytes already; null: the event alone. */
  emit(name: string, content: unknown, id: number | null = null): void {
    if (content === null) return this.text(`42${id ?? ''}["${name}"]`);
    this.text(`4${BINARY_EVENT}1-${id ?? ''}["${name}",{"_placeholder":true,"num":0}]`);
    this.bytes(content);
  }

  answer(id: number | null, content: unknown): void {
    this.text(`4${BINARY_ACK}1-${id ?? ''}[{"_placeholder":true,"num":0}]`);
    this.bytes(content);
  }

  /** Asks and gives the number of the acknowledgement. */
  ask(name: string, content: unknown): number {
    const id = this.nextId++;
    this.emit(name, content, id);
    return id;
  }

  /** The answer, unpacked. */
  async asked(name: string, content: unknown, ms = PATIENCE_MS): Promise<Record<string, unknown>> {
    const id = this.ask(name, content);
    const matches = (packet: Packet) => packet.type === 'ack' && packet.id === id;
    return contentOf(await this.received.next(`answer to '${name}'`, matches, ms));
  }

  event(name: string, ms = PATIENCE_MS): Promise<Packet> {
    return this.received.next(`'${name}'`, (packet) => packet.type === 'event' && packet.name === name, ms);
  }

  /** Resolves when the other end closes, or NotReached. */
  async closes(ms: number): Promise<string> {
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new NotReached(`the connection was still open after ${ms} ms`)), ms).unref();
    });
    return Promise.race([this.closed, late]);
  }

  close(): void {
    this.socket.terminate();
  }

  private bytes(content: unknown): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(content instanceof Uint8Array ? content : packed(content));
  }

  private take(message: Buffer, binary: boolean): void {
    if (binary) {
      const { pending } = this;
      if (!pending) return;
      pending.parts.push(Uint8Array.from(message));
      if (pending.parts.length < pending.missing) return;
      this.pending = null;
      this.packet(pending.text, pending.parts);
      return;
    }
    const text = message.toString();
    const [, type, count] = /^4([56])(\d+)-/.exec(text) ?? [];
    if (type !== undefined && Number(count) > 0) this.pending = { text, missing: Number(count), parts: [] };
    else if (/^4[2-6]/.test(text)) this.packet(text, []);
    else {
      if (text === '2' && !this.mute) this.text('3');
      this.signs.put(text);
    }
  }

  private packet(text: string, parts: readonly Uint8Array[]): void {
    const [, kind, , , id, json] = /^4(\d)((\d+)-)?(?:\/,)?(\d*)(\[.*\])$/s.exec(text) ?? [];
    if (kind === undefined || json === undefined) return this.signs.put(text);
    let args: unknown[];
    try {
      args = JSON.parse(json) as unknown[];
    } catch {
      return this.signs.put(text);
    }
    const type = kind === '3' || kind === BINARY_ACK ? 'ack' : 'event';
    const name = type === 'event' ? String(args.shift()) : '';
    const data = args.length === 1 && parts.length === 1 ? parts[0]! : null;
    this.received.put({ type, name, id: id === '' || id === undefined ? null : Number(id), data, args });
  }
}

/** The message of a packet. NotReached where it is not one binary argument with a msgpack map. */
export function contentOf({ name, data, args }: Packet): Record<string, unknown> {
  if (data === null)
    throw new NotReached(`'${name || 'an answer'}' without its one binary argument: ${JSON.stringify(args)}`);
  let content: unknown;
  try {
    content = unpacked(data);
  } catch {
    throw new NotReached(`'${name}' whose bytes are not msgpack: ${Buffer.from(data).toString('hex').slice(0, 80)}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new NotReached(`'${name}' whose content is no map`);
  return content as Record<string, unknown>;
}

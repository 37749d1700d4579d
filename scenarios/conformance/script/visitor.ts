import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { NotReached } from '../case.js';
import { Engine } from './engine.js';
import { FrameSocket } from './frame-socket.js';
import { drawn, proofOf } from './proof.js';

/** What a control connection is asked for with; left out: as it should be. */
export interface Credentials {
  readonly role?: string;
  readonly challenge?: string;
  readonly nonce?: string;
  readonly proof?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A control connection that was opened, with what its other end owes it; or the status of its refusal. */
export interface Opened {
  readonly control: Engine;
  readonly proof: string;
}

const PATIENCE_MS = 10_000;

/** Someone before the port of a coordinator: with requests, connections and bytes of any kind. All are closed with it. */
export class Visitor {
  private readonly closers: (() => void)[] = [];

  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  close(): void {
    for (const close of this.closers.splice(0)) close();
  }

  /** Status and text of a GET. */
  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; text: string }> {
    const target = new URL(path, this.url.replace(/^ws/, 'http'));
    return new Promise((resolve, reject) => {
      const request = get(target, { headers, timeout: PATIENCE_MS }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (more: string) => (text += more));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', (error) => reject(new NotReached(`no answer to GET ${path}: ${error.message}`)));
    });
  }

  async challenge(): Promise<string> {
    return (await this.get('/challenge')).text.trim();
  }

  /** Opens a control connection; a number: the status that it was refused with. */
  async connect(given: Credentials = {}): Promise<Opened | number> {
    const { role = 'worker', nonce = drawn(), token = this.token, headers = {} } = given;
    const challenge = given.challenge ?? (await this.challenge());
    const proof = given.proof ?? proofOf(token, 'joiner', role, challenge, nonce);
    const query = new URLSearchParams({ EIO: '4', transport: 'websocket', role, challenge, nonce, proof });
    const control = await this.open(`/socket.io/?${query}`, headers, (socket) => new Engine(socket));
    if (typeof control === 'number') return control;
    await control.connect();
    return { control, proof: proofOf(token, 'coordinator', role, challenge, nonce) };
  }

  async connected(given: Credentials = {}): Promise<Opened> {
    const opened = await this.connect(given);
    if (typeof opened === 'number') throw new NotReached(`the connection was refused with ${opened}`);
    return opened;
  }

  /** A frame connection; a number: the status that it was refused with. `have`: of a numbered link. */
  async frames(token: string, have: number | null = null, repeats = false): Promise<FrameSocket | number> {
    const query = new URLSearchParams({ token, ...(have === null ? {} : { have: String(have) }) });
    return this.open(`/frames?${query}`, {}, (socket) => new FrameSocket(socket, have, false, repeats));
  }

  /** Bytes on a bare connection. */
  bare(...bytes: readonly string[]): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port || 80), hostname.replace(/[[\]]/g, ''));
    this.closers.push(() => socket.destroy());
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('data', () => {});
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => reject(new NotReached(error.message)));
      socket.once('connect', () => {
        for (const text of bytes) socket.write(text);
        resolve({ socket, closed });
      });
    });
  }

  /** A websocket, or the status that it was refused with; `made`: what listens to it from its first message on. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<WebSocket | number>;
  open<T>(path: string, headers: Readonly<Record<string, string>>, made: (socket: WebSocket) => T): Promise<T | number>;
  open(path: string, headers = {}, made: (socket: WebSocket) => unknown = (socket) => socket): Promise<unknown> {
    const target = new URL(path, this.url.replace(/^http/, 'ws'));
    const socket = new WebSocket(target, {
      perMessageDeflate: false,
      headers,
      handshakeTimeout: PATIENCE_MS,
      autoPong: false,
    });
    this.closers.push(() => socket.terminate());
    const result = made(socket);
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(result));
      socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
      socket.once('error', (error) => reject(new NotReached(`no websocket at ${target.pathname}: ${error.message}`)));
    });
  }
}

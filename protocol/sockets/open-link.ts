import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { GradswarmError } from '../errors.js';
import { BREACH } from '../wire/message-socket.js';
import { readCount } from '../wire/numbered-link.js';
import type { TlsTrust } from './challenge.js';
import { FRAME_SOCKET_OPTIONS } from './connection.js';
import { gatherMessages } from './gathered-messages.js';
import { LinkSocket, silenceOf } from './link-socket.js';
import { WebSocket } from './required-ws.js';
import { connectReading } from './steady-reading.js';
import { isUnseen, maskWithZeros } from './unseen-way.js';

const FIRST_RETRY_MS = 25;
const LONGEST_RETRY_MS = 1000;

/** The other end has closed this link permanently. */
const REFUSALS: readonly number[] = [403, 404];

export interface LinkOptions {
  /** With its query, to which `have` is added. */
  readonly url: string;
  readonly heartbeatMs: number;
  /** For the first connection. */
  readonly openMs: number;
  readonly trust: TlsTrust;
}

export interface OpenedLink {
  readonly link: LinkSocket;
  /** Of the first connection, on this side. */
  readonly stream: Duplex;
}

/** Begins a websocket to this address, which is closed unless it opens in time. */
export type Dial = (url: URL, timeoutMs: number, trust: TlsTrust) => WebSocket;

const dialWebSocket: Dial = (url, timeoutMs, { ca }) =>
  new WebSocket(url, {
    ...FRAME_SOCKET_OPTIONS,
    handshakeTimeout: timeoutMs,
    ...(ca ? { ca } : {}),
    ...(url.protocol !== 'wss:' && { createConnection: connectReading }),
    ...(isUnseen(url) && { generateMask: maskWithZeros }),
  });

/** Opens a numbered link, and opens it again whenever its connection breaks. Rejects with ERR_WORKER_LOST when there is none at first. */
export async function openLink(options: LinkOptions, dial: Dial = dialWebSocket): Promise<OpenedLink> {
  const link = new LinkSocket(options.heartbeatMs);
  try {
    const stream = await firstConnection(link, options, dial);
    link.on('down', () => void reconnect(link, options, dial));
    return { link, stream };
  } catch (error) {
    link.close();
    throw new GradswarmError('ERR_WORKER_LOST', (error as Error).message, { cause: error });
  }
}

/** A port that has too many connections for the moment closes one without an answer: it is tried again within the same time. */
async function firstConnection(link: LinkSocket, options: LinkOptions, dial: Dial): Promise<Duplex> {
  const untilMs = performance.now() + options.openMs;
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(LONGEST_RETRY_MS, 2 * delayMs)) {
    try {
      return await connect(link, options, untilMs - performance.now(), dial);
    } catch (error) {
      const isBusy = (error as NodeJS.ErrnoException).code === 'ECONNRESET';
      if (!isBusy || performance.now() + delayMs >= untilMs) throw error;
    }
    await spread(delayMs);
  }
}

/** Not all at once. */
function spread(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + randomInt(1 << 20) / (1 << 21))));
}

async function reconnect(link: LinkSocket, options: LinkOptions, dial: Dial): Promise<void> {
  const { openMs, heartbeatMs } = options;
  for (let delayMs = FIRST_RETRY_MS; !link.isOver && !link.isUp; delayMs = Math.min(LONGEST_RETRY_MS, 2 * delayMs)) {
    try {
      await connect(link, options, Math.min(openMs, silenceOf(heartbeatMs)), dial);
      return;
    } catch (error) {
      if (error instanceof Refused) return link.end(BREACH, error.message);
    }
    await spread(delayMs);
  }
}

class Refused extends Error {}

/** One connection, once the other end has sent its count. What it sends next is not missed: the link listens from then on. */
function connect(link: LinkSocket, { url, trust }: LinkOptions, timeoutMs: number, dial: Dial): Promise<Duplex> {
  const target = new URL(url);
  target.searchParams.set('have', `${link.received}`);
  const socket = dial(target, timeoutMs, trust);
  return new Promise((resolve, reject) => {
    let stream: Duplex;
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
      socket.terminate();
    };
    const timer = setTimeout(() => fail(new Error(`no count came within ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.once('upgrade', (response) => {
      stream = response.socket;
    });
    socket.once('open', () => gatherMessages(stream, link.memory));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => {
      const text = `it was answered with ${statusCode}`;
      fail(REFUSALS.includes(statusCode) ? new Refused(text) : new Error(text));
    });
    socket.once('ping', (payload) => {
      const count = readCount(payload);
      if (count === null || !link.canResume(count)) return fail(new Error('expected a count that continues the link'));
      clearTimeout(timer);
      link.attach({ socket, stream }, count);
      resolve(stream);
    });
  });
}

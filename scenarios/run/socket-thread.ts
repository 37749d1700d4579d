import { resolve } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { RunLock } from '../../coordinator/run-directory/run-lock.js';
import { PortSockets } from '../../protocol/sockets/port-sockets.js';
import { openSocketsBy } from '../../protocol/sockets/process-sockets.js';
import { mainThread } from './main-thread.js';
import { threadEntry } from './thread-entry.js';

/** Null: sockets are on the thread that computes. */
const ENTRY = threadEntry(new URL('./socket-thread-entry.js', import.meta.url));

/** What was sent last has this time to leave. */
const CLOSE_MS = 3000;

export interface SocketThreadData {
  readonly sockets: MessagePort;
}

export type ToSocketThread =
  /** A run directory that is written, or no longer written. */
  { readonly type: 'lock'; readonly folder: string; readonly isHeld: boolean } | { readonly type: 'close' };

/** Calls under way, with what makes each of them fail. */
const calls = new Set<(error: Error) => void>();
const locked = new Set<string>();
let thread: SocketThread | null = null;

/**
 * A call of a program, which computes on the thread that calls. Sockets that it opens, and their heartbeats, are in a thread of their own,
 * so that they are served however long a call of a gradient, or of the program itself, takes. Commands have it the other way round: a
 * program may use objects of its own, which no other thread can be given.
 */
export async function withSocketThread<T>(call: () => Promise<T>): Promise<T> {
  const entry = ENTRY;
  if (!entry || mainThread()) return call();
  if (calls.size === 0) {
    openSocketsBy(async () => (thread ??= new SocketThread(entry)).sockets);
    RunLock.observer = lockChanged;
  }
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  calls.add(fail);
  try {
    return await Promise.race([call(), failed]);
  } finally {
    calls.delete(fail);
    if (calls.size === 0) await closed();
  }
}

async function closed(): Promise<void> {
  const last = thread;
  thread = null;
  openSocketsBy(null);
  RunLock.observer = null;
  locked.clear();
  await last?.close();
}

function lockChanged(folder: string, isHeld: boolean): void {
  const path = resolve(folder);
  if (isHeld) locked.add(path);
  else locked.delete(path);
  thread?.post({ type: 'lock', folder: path, isHeld });
}

/** As the thread that computes sees it. */
class SocketThread {
  readonly sockets: PortSockets;
  private readonly thread: Worker;
  private readonly ended: Promise<void>;

  constructor(entry: URL) {
    const { port1, port2 } = new MessageChannel();
    this.sockets = new PortSockets(port2);
    this.thread = new Worker(entry, {
      workerData: { sockets: port1 } satisfies SocketThreadData,
      transferList: [port1],
      execArgv: [],
    });
    // Channels that are open keep the process alive, and nothing else of it does.
    this.thread.unref();
    let isClosing = false;
    this.close = () => {
      isClosing = true;
      return this.end();
    };
    this.thread.once('error', (error) => failAll(error as Error));
    this.ended = new Promise((resolve) => {
      this.thread.once('exit', (code) => {
        if (!isClosing) failAll(new Error(`the thread of the sockets ended with status ${code}`));
        resolve();
      });
    });
    for (const folder of locked) this.post({ type: 'lock', folder, isHeld: true });
  }

  /** Once nothing is asked of it. */
  readonly close: () => Promise<void>;

  post(message: ToSocketThread): void {
    this.thread.postMessage(message);
  }

  private async end(): Promise<void> {
    this.sockets.release();
    this.thread.ref();
    this.post({ type: 'close' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.ended, late]);
    clearTimeout(timer);
    await this.thread.terminate();
  }
}

function failAll(error: Error): void {
  for (const fail of calls) fail(error);
}

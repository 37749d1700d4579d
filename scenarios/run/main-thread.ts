import { resolve } from 'node:path';
import { isMainThread, MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { MetricsRow } from '../../coordinator/run-directory/metrics.js';
import { RunLock } from '../../coordinator/run-directory/run-lock.js';
import { PortSockets } from '../../protocol/sockets/port-sockets.js';
import { useSockets } from '../../protocol/sockets/process-sockets.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { Part } from './run.js';

/** What a progress display reads of a row. */
export type ShownRow = Pick<MetricsRow, 'round' | 'loss' | 'accuracy' | 'bytesUp' | 'bytesDown' | 'bytesPeer'>;

export type ToThread =
  | { readonly type: 'stop' }
  /** Answered with `pong` as soon as the thread's event loop turns. */
  | { readonly type: 'ping' }
  /** The display's last line is written. */
  | { readonly type: 'shown' };

export type FromThread =
  | { readonly type: 'pong' }
  /** A display for so many runs; `shown` answers its end. */
  | { readonly type: 'display'; readonly points: number }
  | { readonly type: 'display-end' }
  /** Workers of this machine will join: what takes their sockets may be read. */
  | { readonly type: 'listens' }
  /** The page of the run is to be served, and opened. */
  | { readonly type: 'open' }
  /** `/metrics` is to be served on this port. */
  | { readonly type: 'metrics'; readonly port: number }
  | {
      readonly type: 'start';
      readonly name: string;
      readonly rounds: number;
      readonly folder: string;
      readonly part?: Part;
    }
  | { readonly type: 'round'; readonly row: ShownRow }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'seats'; readonly table: control.Seats }
  /** A run directory that this thread writes, or no longer writes. */
  | { readonly type: 'lock'; readonly folder: string; readonly isHeld: boolean }
  /** A process that this thread has started, and that ends with this one. */
  | { readonly type: 'child'; readonly pid: number; readonly isRunning: boolean }
  /** A checkpoint is being written, or is on the disk: the thread may be silent in between. */
  | { readonly type: 'writing'; readonly begins: boolean };

/** What a thread that computes is given. */
export interface ThreadData {
  /** To the `SocketHost`. */
  readonly sockets: MessagePort;
  /** Of the terminal on standard output; null: there is none. */
  readonly columns: number | null;
}

/** The main thread, as the thread that computes sees it: it has the signals, the terminal and the sockets. */
export class MainThread {
  private readonly controller = new AbortController();
  private shown: (() => void) | null = null;

  constructor(
    private readonly port: MessagePort,
    private readonly sockets: PortSockets,
  ) {
    port.on('message', (message: ToThread) => this.receive(message));
    // A thread that has nothing left to do ends.
    port.unref();
  }

  /** Of the terminal on standard output; null: there is none. */
  get columns(): number | null {
    return (workerData as ThreadData).columns;
  }

  /** Aborted by the first Ctrl-C, and by SIGTERM. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  readonly post = (message: FromThread): void => this.port.postMessage(message);

  /** Resolves when the last line of the display is on the terminal: what is printed next comes below it. */
  async endDisplay(): Promise<void> {
    this.port.ref();
    await new Promise<void>((resolve) => {
      this.shown = resolve;
      this.post({ type: 'display-end' });
    });
    this.port.unref();
  }

  /** The command is done: no socket that is still open keeps the process alive. */
  done(): void {
    this.sockets.release();
  }

  private receive({ type }: ToThread): void {
    if (type === 'ping') this.post({ type: 'pong' });
    else if (type === 'stop') this.controller.abort();
    else this.shown?.();
  }
}

let found: MainThread | null = null;

/** Null on the main thread itself, and in a thread of a program that calls this package. */
export function mainThread(): MainThread | null {
  if (isMainThread || !parentPort || !((workerData as ThreadData | null)?.sockets instanceof MessagePort)) return null;
  if (!found) {
    const sockets = new PortSockets((workerData as ThreadData).sockets);
    found = new MainThread(parentPort, sockets);
    useSockets(sockets);
    const { post } = found;
    RunLock.observer = (folder, isHeld) => post({ type: 'lock', folder: resolve(folder), isHeld });
  }
  return found;
}

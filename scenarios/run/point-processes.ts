import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, GradswarmError } from '../../protocol/errors.js';
import type { ShownRow } from './main-thread.js';
import { mainThread } from './main-thread.js';

const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../cli.ts' : '../cli.js', import.meta.url));

/** What the process of a point sends to that of the sweep. */
export type FromPoint =
  /** Rounds done, and the bytes since the last such message. */
  | { readonly type: 'round'; readonly row: ShownRow }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'error'; readonly code: ErrorCode | null; readonly message: string };

export interface PointOptions {
  readonly signal: AbortSignal;
  readonly tensorboard: boolean;
  readonly round: (index: number, row: ShownRow) => void;
  readonly note: (index: number, text: string) => void;
}

/**
 * Runs points of the sweep in a folder in processes of their own, at most `jobs` at once, and calls `ended` after each. After the first
 * that fails no other is started, and those that run are stopped with a checkpoint; then its error is thrown.
 */
export async function runPoints(
  folder: string,
  indices: readonly number[],
  jobs: number,
  options: PointOptions,
  ended: (index: number) => Promise<void>,
): Promise<void> {
  const waiting = [...indices];
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const one = async () => {
    for (let index = waiting.shift(); index !== undefined && !signal.aborted; index = waiting.shift()) {
      await pointProcess(folder, index, { ...options, signal });
      await ended(index);
    }
  };
  const stopping = (error: unknown) => {
    failure.abort();
    throw error;
  };
  const results = await Promise.allSettled(Array.from({ length: jobs }, () => one().catch(stopping)));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  // Those that were stopped because of another one are not the reason.
  const reason =
    errors.find((error) => !(error instanceof GradswarmError) || error.code !== 'ERR_STOPPED') ?? errors[0];
  if (reason !== undefined) throw reason;
  if (options.signal.aborted) throw new GradswarmError('ERR_STOPPED', 'stopped by the user');
}

async function pointProcess(
  folder: string,
  index: number,
  { signal, tensorboard, round, note }: PointOptions,
): Promise<void> {
  const flags = tensorboard ? ['--tensorboard'] : [];
  const child = spawn(process.execPath, [...process.execArgv, ENTRY, 'point', folder, String(index), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Ctrl-C reaches this process alone, which asks the others to stop.
    detached: true,
  });
  const { pid } = child;
  const main = mainThread();
  if (main && pid !== undefined) main.post({ type: 'child', pid, isRunning: true });
  let sent = '';
  let failed: FromPoint | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    sent = (sent + text).slice(-2000);
  });
  child.on('message', (message: FromPoint) => {
    if (message.type === 'round') round(index, message.row);
    else if (message.type === 'note') note(index, message.text);
    else failed = message;
  });
  const stop = () => void child.kill('SIGTERM');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const status = await exitOf(child);
  signal.removeEventListener('abort', stop);
  if (main && pid !== undefined) main.post({ type: 'child', pid, isRunning: false });
  const error = failed as (FromPoint & { readonly type: 'error' }) | null;
  if (error) throw error.code ? new GradswarmError(error.code, error.message) : new Error(error.message);
  if (status !== 0)
    throw new GradswarmError(
      'ERR_STOPPED',
      `the process of point ${index} ended (${status})${sent && `: ${sent.trim()}`}`,
    );
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? code ?? 0));
  });
}

import { randomInt } from 'node:crypto';
import { nanoid } from 'nanoid';
import { GradswarmError } from '../protocol/errors.js';
import type { WorkerProcessOptions } from './worker-options.js';
import { type Kept, WorkerSession } from './worker-session.js';

export { NotWanted } from './control-connection.js';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Hosts clients for the coordinator at `url` (ws://host:port) until the run is over, or the signal is aborted. A
 * coordinator that is unreachable is tried again for `retryForMs`; then ERR_WORKER_LOST is thrown.
 * Throws NotWanted.
 */
export async function runWorker(url: string, options: WorkerProcessOptions): Promise<void> {
  const { seat = null, opened } = options;
  const problem = opened ? { key: JSON.stringify(opened.scenario), opened: opened.problem } : null;
  const kept: Kept = { process: nanoid(), seat, problem, reachedMs: performance.now() };
  for (let delayMs = FIRST_RETRY_MS; ; ) {
    const startedMs = performance.now();
    try {
      if ((await new WorkerSession(url, options, kept).run()) !== 'again' || options.signal.aborted) return;
    } catch (error) {
      if (options.signal.aborted) return;
      const lost = error instanceof GradswarmError && error.code === 'ERR_WORKER_LOST';
      if (!lost || performance.now() - kept.reachedMs >= (options.retryForMs ?? 0)) throw error;
      options.note(`${error.message}; trying again`);
    }
    if (options.signal.aborted) return;
    if (performance.now() - kept.reachedMs >= (options.retryForMs ?? 0))
      throw new GradswarmError('ERR_WORKER_LOST', `the run at ${url} was stopped and not continued in time`);
    // Not all at once after an outage; sooner when it had been connected for a while.
    if (kept.reachedMs > startedMs) delayMs = FIRST_RETRY_MS;
    await waited(delayMs * (0.5 + 0.5 * unpredictable()), options.signal);
    delayMs = Math.min(LONGEST_RETRY_MS, 2 * delayMs);
  }
}

/** In [0, 1), for what is not part of any run. */
function unpredictable(): number {
  return randomInt(1 << 30) / (1 << 30);
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

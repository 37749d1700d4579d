import { runWorker } from '../../worker/main.js';
import type { WorkerOptions } from './run.js';

/** Hosts clients for the coordinator at `url` until the run is over. */
export async function joinAsWorker(url: string, { quiet, ...options }: WorkerOptions): Promise<void> {
  await runWorker(url, {
    ...options,
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
  });
}

export { NotWanted } from '../../worker/main.js';

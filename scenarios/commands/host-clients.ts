import { GradswarmError } from '../../protocol/errors.js';
import { interruptible } from '../run/interrupt.js';
import { joinAsWorker, NotWanted } from '../run/join.js';
import type { WorkerOptions } from '../run/run.js';
import { EXIT } from './exit-status.js';

/** A worker until the run is over. The exit status, and with `json` the output, say how it ended. */
export async function hostClients(
  url: string,
  optionsOf: (signal: AbortSignal) => WorkerOptions,
  json = false,
): Promise<void> {
  try {
    await interruptible((signal) => joinAsWorker(url, optionsOf(signal)));
    if (json) process.stdout.write(`${JSON.stringify({ ended: 'left' }, null, 2)}\n`);
  } catch (error) {
    const lost = error instanceof GradswarmError && error.code === 'ERR_WORKER_LOST';
    if (!lost && !(error instanceof NotWanted)) throw error;
    const { code, message } = error as GradswarmError;
    if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
    process.stderr.write(`${message}\n`);
    process.exitCode = lost ? EXIT.again : EXIT.refused;
  }
}

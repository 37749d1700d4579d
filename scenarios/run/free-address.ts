import { once } from 'node:events';
import { createServer } from 'node:net';
import { GradswarmError } from '../../protocol/errors.js';
import type { RunOptions } from './run.js';

/** Throws ERR_USAGE where the run could not listen: before it has a folder. Null, or port 0: any port will do. */
export async function requireFreeAddress(listen: RunOptions['listen']): Promise<void> {
  if (!listen || listen.port === 0) return;
  const server = createServer();
  try {
    await once(server.listen(listen.port, listen.host), 'listening');
  } catch (error) {
    throw new GradswarmError('ERR_USAGE', `--listen: ${(error as Error).message}`, { cause: error });
  }
  await new Promise((closed) => server.close(closed));
}

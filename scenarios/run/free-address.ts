import { GradswarmError } from '../../protocol/errors.js';
import { processSockets } from '../../protocol/sockets/process-sockets.js';
import type { RunOptions } from './run.js';

/** Throws ERR_USAGE where the run could not listen: before it has a folder. Null, or port 0: any port will do. */
export async function requireFreeAddress(listen: RunOptions['listen']): Promise<void> {
  if (!listen || listen.port === 0) return;
  try {
    const listener = await (await processSockets()).listen({ host: listen.host, port: listen.port, token: null });
    await listener.close();
  } catch (error) {
    throw new GradswarmError('ERR_USAGE', `--listen: ${(error as Error).message}`, { cause: error });
  }
}

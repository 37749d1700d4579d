import { nanoid } from 'nanoid';
import { processSockets } from '../../protocol/sockets/process-sockets.js';
import { LIMITS } from '../../protocol/wire/limits.js';
import { ControlServer } from './control-server.js';
import type { ListenOptions } from './host-options.js';
import { type Archive, serveArchive } from './run-archive.js';

const HEARTBEAT_MS = 20_000;

export interface HandOverOptions {
  readonly listen: ListenOptions;
  readonly archive: Archive;
  /** How long the run directory can be fetched, milliseconds. */
  readonly forMs: number;
  readonly signal: AbortSignal;
  /** It listens at this port. */
  listening?(port: number): void;
}

/**
 * After a run: joining workers and observers are notified that it is over, and the run directory can be fetched. Ends once it was fetched, when
 * the time is over or the signal is aborted; returns whether it was fetched.
 */
export async function handOver(options: HandOverOptions): Promise<boolean> {
  const { listen, archive, forMs, signal } = options;
  const server = await (await processSockets()).listen({ ...listen, token: listen.token ?? nanoid(32) });
  const nothing = (): void => {};
  const dismissals: Promise<void>[] = [];
  const control = new ControlServer(
    server,
    { heartbeatMs: HEARTBEAT_MS, maxBytes: LIMITS.controlBytes, maxValues: 64, use: [] },
    {
      arriving: nothing,
      hello: ({ process }) => dismissals.push(control.dismiss(process, { over: 'finished' })),
      seen: nothing,
      goodbye: nothing,
      closed: nothing,
      broke: nothing,
      done: nothing,
      failed: nothing,
    },
  );
  control.keepFor('over', { ending: 'finished' });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<boolean>((resolve) => {
      serveArchive(server, archive, () => resolve(true));
      options.listening?.(server.address.port);
      timer = setTimeout(() => resolve(false), forMs);
      signal.addEventListener('abort', () => resolve(false), { once: true });
      if (signal.aborted) resolve(false);
    });
  } finally {
    clearTimeout(timer);
    await Promise.all(dismissals);
    await control.close();
    await server.close();
  }
}

import { isMainThread } from 'node:worker_threads';
import { GradswarmError } from '../../protocol/errors.js';
import { linesOfStarter, type Orders, type Outlook } from '../run/orders.js';
import { threadEntry } from '../run/thread-entry.js';
import { inThread } from './compute-thread.js';
import { exitStatusOfError } from './exit-status.js';

/**
 * A worker process that a run starts on its own machine. It is started before the coordinator listens, opens the problem of the run, and then waits
 * for its orders. No command of the command line: parsing one takes a part of the time that it has.
 */
async function join(): Promise<void> {
  const lines = linesOfStarter();
  const { hostClients } = await import('./host-clients.js');
  const outlook = await lines.next<Outlook>();
  if (!outlook) return;
  const { seat, scenario, use, initial } = outlook;
  const opened = await openedEarly(outlook);
  const orders = await lines.next<Orders>();
  if (!orders) return;
  const { url, token, device, localLink } = orders;
  const isRight = opened && device === (opened.family.device?.name ?? null);
  await hostClients(url, (signal) => ({
    device,
    token,
    seat,
    use,
    ...(initial !== null && { initial }),
    ...(localLink !== null && { localLink }),
    ...(isRight && { opened: { scenario, problem: opened } }),
    peers: { port: 0, advertise: null, tls: null },
    trust: { ca: null },
    // It ends with the coordinator.
    retryForMs: 0,
    quiet: true,
    signal,
  }));
}

/** Null: the coordinator has a choice of device to make, or the problem cannot be opened, which the run then says itself. */
async function openedEarly({ scenario, use, initial }: Outlook) {
  if (scenario.device === 'auto') return null;
  const { openAsWorker } = await import('../run/join.js');
  try {
    return await openAsWorker(scenario, use, initial);
  } catch {
    return null;
  }
}

try {
  const ends = inThread(join, 'left', threadEntry(new URL('./local-worker.js', import.meta.url)))();
  // Its first socket is of this kind: it is read while the thread reads its own modules.
  if (isMainThread) void import('../../protocol/sockets/open-control.js');
  await ends;
} catch (error) {
  const known = error instanceof GradswarmError;
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = exitStatusOfError(error);
}

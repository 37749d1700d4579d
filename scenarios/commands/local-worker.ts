import { isMainThread } from 'node:worker_threads';
import { GradswarmError } from '../../protocol/errors.js';
import { linesOfStarter, type Orders, type Outlook } from '../run/orders.js';
import { threadEntry } from '../run/thread-entry.js';
import { inThread } from './compute-thread.js';
import { exitStatusOfError } from './exit-status.js';

/**
 * A worker process that a run starts on its own machine. It is started before the coordinator listens, or even has the whole scenario; it opens the
 * problem of the run, and joins as soon as it has its orders. No command of the command line: parsing one takes a part of the time that it has.
 */
async function join(): Promise<void> {
  const lines = linesOfStarter();
  const { hostClients } = await import('./host-clients.js');
  const outlook = await lines.next<Outlook>();
  if (!outlook) return;
  const ordered = lines.next<Orders>();
  const { seat, scenario, use, initial } = outlook;
  const { openAsWorker } = await import('../run/join.js');
  // On a device that the coordinator has yet to choose nothing can be opened.
  const opened = scenario.device === 'auto' ? null : openAsWorker(outlook, ordered);
  const orders = await ordered;
  if (!orders) return;
  const { url, token, device, localLink } = orders;
  await hostClients(url, (signal) => ({
    device,
    token,
    seat,
    use,
    ...(initial !== null && { initial }),
    ...(localLink !== null && { localLink }),
    ...(opened && { opened: { scenario, problem: opened } }),
    peers: { port: 0, advertise: null, tls: null },
    trust: { ca: null },
    // It ends with the coordinator.
    retryForMs: 0,
    quiet: true,
    signal,
  }));
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

import { parentPort, workerData } from 'node:worker_threads';
import { RENEW_MS, RunLock } from '../../coordinator/run-directory/run-lock.js';
import { SocketHost } from '../../protocol/sockets/socket-host.js';
import type { SocketThreadData, ToSocketThread } from './socket-thread.js';

/** Loaded as a thread: the sockets of a program that computes, and the locks of the run directories that it writes. */
const port = parentPort!;
const host = new SocketHost((workerData as SocketThreadData).sockets);
const locked = new Set<string>();

const renewals = setInterval(() => {
  for (const folder of locked)
    try {
      RunLock.renewOwn(folder);
    } catch {
      // The program looks before it writes.
    }
}, RENEW_MS);

port.on('message', async (message: ToSocketThread) => {
  if (message.type === 'lock') {
    if (message.isHeld) locked.add(message.folder);
    else locked.delete(message.folder);
    return;
  }
  clearInterval(renewals);
  await host.close();
  // It ends when what was sent has left.
  port.close();
});

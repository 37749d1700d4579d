import { setMaxListeners } from 'node:events';
import { runWorker } from '../../../worker/main.js';
import type { WorkerLauncher } from '../../run/local-workers.js';

/** Workers over real websockets in the test's own process: as the processes are, but without their start-up time. */
export class SocketWorkers implements WorkerLauncher {
  private readonly controller = new AbortController();
  private running: Promise<unknown>[] = [];
  private fail: (error: unknown) => void = () => {};
  /** Rejects with the first error of a worker: what a process would print before it ends. */
  readonly failed = new Promise<never>((_, reject) => {
    this.fail = reject;
  });

  /** `peerSockets` false: frames between clients go through the coordinator. */
  constructor(private readonly peerSockets = true) {
    // Each worker listens to it at each connection.
    setMaxListeners(0, this.controller.signal);
    this.failed.catch(() => {});
  }

  start(count: number, url: string, _device: string | null, token: string): void {
    for (let i = 0; i < count; i++)
      this.running.push(
        runWorker(url, {
          device: null,
          signal: this.controller.signal,
          peers: this.peerSockets ? { port: 0, advertise: null, tls: null } : null,
          token,
          trust: { ca: null },
          note: () => {},
        }).catch((error: unknown) => this.fail(error)),
      );
  }

  async stop(): Promise<void> {
    this.controller.abort();
    await Promise.all(this.running);
  }
}

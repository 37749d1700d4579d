import { setMaxListeners } from 'node:events';
import { runWorker } from '../../../worker/main.js';
import type { WorkerLauncher } from '../../run/worker-launcher.js';

/** Workers over real websockets in the test's own process: as the processes are, but without their start-up time. */
export class SocketWorkers implements WorkerLauncher {
  private readonly controller = new AbortController();
  private running: Promise<unknown>[] = [];
  private fail: (error: unknown) => void = () => {};
  /** Rejects with the first error of a worker: what a process would print before it ends. */
  readonly failed = new Promise<never>((_, reject) => {
    this.fail = reject;
  });

  /**
   * `peerSockets` false: frames between clients go through the coordinator. `linkOf`: where the frames of a worker go, of the coordinator's
   * path; left out: every second one's over the port.
   */
  constructor(
    private readonly peerSockets = true,
    private readonly linkOf: (path: string, index: number) => string | null = (path, i) => (i % 2 === 1 ? path : null),
    private readonly note: (text: string) => void = () => {},
  ) {
    // Each worker listens to it at each connection.
    setMaxListeners(0, this.controller.signal);
    this.failed.catch(() => {});
  }

  start(
    count: number,
    url: string,
    _device: string | null,
    token: string,
    _ended: ((pid: number, why: string) => void) | null = null,
    localLink: string | null = null,
  ): void {
    for (let i = 0; i < count; i++) {
      const link = localLink === null ? null : this.linkOf(localLink, i);
      this.running.push(
        runWorker(url, {
          device: null,
          signal: this.controller.signal,
          peers: this.peerSockets ? { port: 0, advertise: null, tls: null } : null,
          token,
          ...(link !== null && { localLink: link }),
          trust: { ca: null },
          note: this.note,
        }).catch((error: unknown) => this.fail(error)),
      );
    }
  }

  async stop(): Promise<void> {
    this.controller.abort();
    await Promise.all(this.running);
  }
}

import type { Outlook } from './orders.js';

/** Starts the workers of a run that does not wait for others' workers, and ends them with it. */
export interface WorkerLauncher {
  /** Before the coordinator listens: processes that `start` gives their orders to. Left out: they are started then. */
  begin?(count: number): void;
  /**
   * `token`: what the workers need to join. `ended`: a process has ended; it need not be waited for. `localLink`: path of a socket for frames.
   * `data`: the fingerprint of the data that the coordinator has read.
   */
  start(
    count: number,
    url: string,
    device: string | null,
    token: string,
    ended: (pid: number, why: string) => void,
    localLink?: string | null,
    data?: string | null,
  ): void;
  /** From now on a process that ends is no loss. */
  expectEnd?(): void;
  /** `soon`: those that still compute are ended. */
  stop(soon?: boolean): Promise<void>;
}

/** Processes that were begun before the scenario was complete. */
export interface BegunWorkers extends WorkerLauncher {
  /** Processes, running or not. */
  readonly count: number;
  /** Gives them their outlook, and the run's display what ends unexpectedly. */
  expect(outlook: Omit<Outlook, 'seat'>, note: (message: string) => void): void;
}

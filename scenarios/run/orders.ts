import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Scenario } from '../../protocol/scenario/scenario.js';

/** What a worker process that a run has started is given at once: a line of JSON on its standard input. */
export interface Outlook {
  readonly seat: number;
  readonly scenario: Scenario;
  /** Modules of one's own. */
  readonly use: readonly string[];
  /** Saved parameters; null: none. */
  readonly initial: string | null;
}

/** What it is given once the coordinator listens: the next line. */
export interface Orders {
  readonly url: string;
  /** Not on the command line, which everyone on the machine can read. */
  readonly token: string;
  /** What the coordinator computes on; null: it chooses none. */
  readonly device: string | null;
  /** Path of the run's socket for frames; null: its port alone. */
  readonly localLink: string | null;
  /** The fingerprint of the data that the coordinator has read, while this process was reading them too; null: it is to make its own. */
  readonly data: string | null;
}

/** The lines, as they come. Undefined once the process that has started this one has ended, or its run. */
export function linesOfStarter(): { next<T>(): Promise<T | undefined> } {
  // Not process.stdin, which a thread does not have, nor a read of the file, which would keep a thread from ending.
  const input = new Socket({ fd: 0 });
  // A process that was killed.
  input.on('error', () => input.destroy());
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  return {
    async next<T>() {
      const { done, value } = await lines.next();
      return done ? undefined : (JSON.parse(value) as T);
    },
  };
}

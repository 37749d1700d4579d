import type { Scenario, UsedModule } from '../protocol/scenario/scenario.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import type { PeerAddress } from './peer-sockets.js';
import type { Problem } from './problem.js';

export interface WorkerProcessOptions {
  /** Compute device; null: the scenario's. */
  readonly device: string | null;
  readonly signal: AbortSignal;
  /** Where to listen for other workers, in methods whose clients send to clients; null: frames between clients go through the coordinator. */
  readonly peers: PeerAddress | null;
  /** Of the run: proves that this worker may join, and that the coordinator is the run's. */
  readonly token: string;
  readonly trust: TlsTrust;
  /** Of a worker that the coordinator has started: path of its Unix-domain socket for frames. Left out: they go to its port. */
  readonly localLink?: string;
  /** What it is called; left out: the host's name. A worker that is started again takes the seat that was last held under its name. */
  readonly name?: string;
  /** The seat to take; left out: any. */
  readonly seat?: number;
  /** The modules of its own that this process has loaded; left out: none. */
  readonly use?: readonly UsedModule[];
  /**
   * The problem that it opens while it joins, on the device above; null, or left out: none. Another is opened then, and where another scenario is
   * assigned.
   */
  readonly opened?: { readonly scenario: Scenario; readonly problem: Promise<Problem | null> };
  /** How long to look for a coordinator that is not there, milliseconds; left out: not at all. */
  readonly retryForMs?: number;
  /** One line for a person. */
  note(text: string): void;
}

import type { ListenOptions } from '../../coordinator/members/host-options.js';
import type { Claim } from '../../coordinator/report/report.js';
import type { Holds, MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import type { Json, Scenario } from '../../protocol/scenario/scenario.js';
import type { TlsTrust } from '../../protocol/sockets/challenge.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { PeerAddress } from '../../worker/peer-sockets.js';
import type { Problem } from '../../worker/problem.js';
import type { BegunWorkers } from './worker-launcher.js';

/** What the command line passes to the runtime. */

/** Which of the runs of a sweep: from 0. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/** Callbacks of a run, for a progress display. A sweep starts its runs one after the other. */
export interface RunWatcher {
  /** `folder`: the folder that 'gradswarm resume' continues. */
  start(name: string, rounds: number, folder: string, part?: Part): void;
  round(row: MetricsRow): void;
  /** A notice of one line, such as a lost worker. */
  note(text: string): void;
  /** Who hosts clients, and when a sign of life came last; about once a second, over sockets. */
  seats?(table: control.Seats): void;
  /** A checkpoint is written from now on, or is on the disk. */
  writing?(begins: boolean): void;
}

export interface RunOptions {
  /** Run directory; null: a new one under `runs/`. */
  readonly directory: string | null;
  /** Wait here for workers from elsewhere; null: parties in this process, or workers started on this machine. */
  readonly listen: ListenOptions | null;
  /** The user's signal to stop: finish the current frame, write the results so far, then throw ERR_STOPPED. */
  readonly signal: AbortSignal;
  readonly watcher?: RunWatcher;
  /** Runs of a sweep at once, each in a process of its own; left out: one after the other in this process. */
  readonly jobs?: number;
  /** Worker processes that were begun before the scenario was complete; left out: they are begun then. Their owner stops them. */
  readonly processes?: BegunWorkers;
  /** Also writes every round to event files of TensorBoard, `tensorboard/` in the run's folder; left out: no. */
  readonly tensorboard?: boolean;
}

/** A run that ended: its record, its verdict and where its files are. */
export interface RunOutcome {
  /** Relative to the working directory where it is below it. */
  readonly directory: string;
  readonly verdict: Verdict;
  readonly summary: Readonly<Record<string, Json>>;
  readonly stateDigest: string;
  readonly reportPath: string;
  /** The papers' claims that the scenario names, with the numbers of this run. */
  readonly claims: readonly Claim[];
}

/** A sweep that ended: its points, its verdict and where its files are. */
export interface SweepOutcome {
  readonly directory: string;
  /** Of all points and of what is expected over them. */
  readonly valid: Holds;
  /** What is expected over the points. */
  readonly verdict: Verdict;
  readonly points: readonly { readonly label: string; readonly outcome: RunOutcome }[];
  readonly reportPath: string;
  readonly claims: readonly Claim[];
}

export interface WorkerOptions {
  /** Name of a compute device; null: the scenario's. */
  readonly device: string | null;
  /** Where to listen for other workers; null: not at all. */
  readonly peers: PeerAddress | null;
  /** Of the run. */
  readonly token: string;
  readonly trust: TlsTrust;
  /** Of a worker that a run has started on its machine: path of the run's Unix-domain socket for frames. Left out: its port. */
  readonly localLink?: string;
  /** What it is called, and the seat that it takes; left out: the host's name, and any. */
  readonly name?: string;
  readonly seat?: number;
  /** Modules of one's own to load; left out: none. */
  readonly use?: readonly string[];
  /** Its own copy of the file of saved parameters that the scenario begins with; left out: none. */
  readonly initial?: string;
  /** The problem of the run, which is being opened while it is joined; null, or left out: it is opened then. */
  readonly opened?: { readonly scenario: Scenario; readonly problem: Promise<Problem | null> };
  /** How long a coordinator that is not there is looked for, milliseconds. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly quiet: boolean;
}

export interface BenchmarkOptions {
  /** Timings of each benchmark. */
  readonly repeats: number;
  readonly signal: AbortSignal;
  /** Folder in which `growth` draws its curves (`plots/`); null: nowhere. */
  readonly plots: string | null;
  /** A note beside the figures. */
  note(text: string): void;
}

export type BenchmarkAim = { readonly atMost: number } | { readonly atLeast: number };

/** A published number beside ours. */
export interface BenchmarkReference {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Where it was published or measured, and on what machine. */
  readonly source: string;
}

export interface BenchmarkRow {
  readonly name: string;
  readonly median: number;
  readonly least: number;
  /** Such as `ms/round`, or `x objective alone` for a ratio within this run. */
  readonly unit: string;
  /** Null: none was set. */
  readonly aim: BenchmarkAim | null;
  /** Of the median; null without an aim. */
  readonly withinAim: boolean | null;
  readonly references: readonly BenchmarkReference[];
}

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import { mainThread } from './main-thread.js';
import type { Orders, Outlook } from './orders.js';

/** What such a process begins with: compiled, or a source where sources are run directly. */
const ENTRY = fileURLToPath(
  new URL(`../commands/local-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

const STOP_MS = 3000;
/** The same after Ctrl-C. */
const STOP_SOON_MS = 300;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;

/** A process that lived for longer was no failed start. */
const LONG_LIFE_MS = 20_000;
const MOST_DEATHS = 8;

/** Starts the workers of a run that does not wait for others' workers, and ends them with it. */
export interface WorkerLauncher {
  /** Before the coordinator listens: processes that `start` gives their orders to. Left out: they are started then. */
  begin?(count: number): void;
  /** `token`: what the workers need to join. `ended`: a process has ended; it need not be waited for. `localLink`: path of a socket for frames. */
  start(
    count: number,
    url: string,
    device: string | null,
    token: string,
    ended: (pid: number, why: string) => void,
    localLink?: string | null,
  ): void;
  /** From now on a process that ends is no loss. */
  expectEnd?(): void;
  /** `soon`: those that still compute are ended. */
  stop(soon?: boolean): Promise<void>;
}

/** Worker processes on this machine. One that ends is started again, with growing delays. */
export class LocalWorkers implements WorkerLauncher {
  private readonly children: (ChildProcess | null)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private ending = false;
  /** Null: the coordinator does not listen yet. */
  private orders: Orders | null = null;
  private ended: (pid: number, why: string) => void = () => {};
  private readonly onProcessExit = () => this.kill('SIGKILL');

  /** `outlook`: of each, whatever its seat. */
  constructor(
    private readonly note: (message: string) => void,
    private readonly outlook: Omit<Outlook, 'seat'>,
  ) {}

  begin(count: number): void {
    for (let seat = 0; seat < count; seat++) this.launch(seat, 0);
    process.once('exit', this.onProcessExit);
  }

  start(
    count: number,
    url: string,
    device: string | null,
    token: string,
    ended: (pid: number, why: string) => void,
    localLink: string | null = null,
  ): void {
    this.orders = { url, token, device, localLink };
    this.ended = ended;
    if (this.children.length === 0) this.begin(count);
    else for (const child of this.children) this.order(child);
  }

  /** Process identifiers, by seat. */
  get pids(): readonly number[] {
    return this.children.flatMap((child) => (child?.pid === undefined ? [] : [child.pid]));
  }

  expectEnd(): void {
    this.ending = true;
  }

  async stop(soon = false): Promise<void> {
    this.expectEnd();
    // Without orders they have nothing to leave in order.
    if (!this.orders) this.kill('SIGKILL');
    for (const timer of this.timers) clearTimeout(timer);
    const running = this.children.filter(isRunning);
    const ended = Promise.all(
      running.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))),
    );
    const timer = setTimeout(() => this.kill('SIGKILL'), soon ? STOP_SOON_MS : STOP_MS);
    await ended;
    clearTimeout(timer);
    process.off('exit', this.onProcessExit);
  }

  private order(child: ChildProcess | null): void {
    child?.stdin?.end(`${JSON.stringify(this.orders)}\n`);
  }

  /** `deaths`: this seat's processes in a row that ended soon after their start. */
  private launch(seat: number, deaths: number): void {
    const startedMs = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, ENTRY, 'worker', `${seat}`], {
      // In a group of its own, so that Ctrl-C reaches the coordinator alone, which then ends the workers in order.
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    // One that has ended takes no orders; its exit is seen.
    child.stdin?.on('error', () => {});
    child.stdin?.write(`${JSON.stringify({ ...this.outlook, seat } satisfies Outlook)}\n`);
    if (this.orders) this.order(child);
    this.children[seat] = child;
    const { pid } = child;
    const main = mainThread();
    if (main && pid !== undefined) {
      main.post({ type: 'child', pid, isRunning: true });
      child.once('exit', () => main.post({ type: 'child', pid, isRunning: false }));
    }
    let sent = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      sent = (sent + text).slice(-2000);
    });
    child.once('error', (error) => {
      throw new GradswarmError('ERR_WORKER_LOST', `a worker process cannot be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) this.ended(child.pid, `its process ended (${signal ?? `status ${code}`})`);
      // Status 0: the run is over. 3: it was refused, and would be refused again.
      if (this.ending || code === 0) return;
      const output = sent.trim();
      const what = `worker process ${child.pid} (worker-${seat}) ended (${signal ?? `status ${code}`})${output && `: ${output}`}`;
      const again = performance.now() - startedMs > LONG_LIFE_MS ? 0 : deaths + 1;
      if (code === 3 || again > MOST_DEATHS) {
        this.note(`${what}; it is not started again`);
        return;
      }
      this.note(what);
      const timer = setTimeout(
        () => {
          this.timers.delete(timer);
          this.launch(seat, again);
        },
        Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, again - 1)),
      );
      this.timers.add(timer);
    });
  }

  private kill(signal: NodeJS.Signals): void {
    this.ending = true;
    for (const child of this.children.filter(isRunning)) child.kill(signal);
  }
}

function isRunning(child: ChildProcess | null): child is ChildProcess {
  return child !== null && child.exitCode === null && child.signalCode === null;
}

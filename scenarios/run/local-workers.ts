import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import { mainThread } from './main-thread.js';
import type { Orders, Outlook } from './orders.js';
import type { BegunWorkers } from './worker-launcher.js';

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

/** Worker processes on this machine. One that ends is started again, with growing delays. */
export class LocalWorkers implements BegunWorkers {
  private readonly children: (ChildProcess | null)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private ending = false;
  /** Null: the coordinator does not listen yet. */
  private orders: Orders | null = null;
  private ended: (pid: number, why: string) => void = () => {};
  private readonly onProcessExit = () => this.kill('SIGKILL');

  /** `outlook`: of each, whatever its seat; null: `expect` gives it to those that are begun. */
  constructor(
    private note: (message: string) => void,
    private outlook: Omit<Outlook, 'seat'> | null,
  ) {}

  begin(count: number): void {
    for (let seat = 0; seat < count; seat++) this.launch(seat, 0);
    process.once('exit', this.onProcessExit);
  }

  expect(outlook: Omit<Outlook, 'seat'>, note: (message: string) => void): void {
    this.outlook = outlook;
    this.note = note;
    for (const [seat, child] of this.children.entries()) this.inform(child, seat);
  }

  start(
    count: number,
    url: string,
    device: string | null,
    token: string,
    ended: (pid: number, why: string) => void,
    localLink: string | null = null,
    data: string | null = null,
  ): void {
    this.ended = ended;
    // A process that reads the data later, in the place of one that has ended, may read other data.
    this.orders = { url, token, device, localLink, data: null };
    if (this.children.length === 0) this.begin(count);
    else for (const child of this.children) this.order(child, { ...this.orders, data });
  }

  get count(): number {
    return this.children.length;
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

  private inform(child: ChildProcess | null, seat: number): void {
    if (this.outlook) child?.stdin?.write(`${JSON.stringify({ ...this.outlook, seat } satisfies Outlook)}\n`);
  }

  private order(child: ChildProcess | null, orders: Orders): void {
    child?.stdin?.end(`${JSON.stringify(orders)}\n`);
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
    this.inform(child, seat);
    if (this.orders) this.order(child, this.orders);
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

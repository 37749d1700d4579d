import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import { mainThread } from './main-thread.js';
import { LOCAL_LINK_VARIABLE, TOKEN_VARIABLE } from './token.js';

/** The command beside this module: compiled, or a source where sources are run directly. */
const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../cli.ts' : '../cli.js', import.meta.url));

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
  private secrets: NodeJS.ProcessEnv = {};
  private ended: (pid: number, why: string) => void = () => {};
  private readonly onProcessExit = () => this.kill('SIGKILL');

  /** `files`: modules of one's own that they load, and saved parameters that they begin with. */
  constructor(
    private readonly note: (message: string) => void,
    private readonly files: { readonly use?: readonly string[]; readonly initial?: string } = {},
  ) {}

  start(
    count: number,
    url: string,
    device: string | null,
    token: string,
    ended: (pid: number, why: string) => void,
    localLink: string | null = null,
  ): void {
    this.secrets = { [TOKEN_VARIABLE]: token, [LOCAL_LINK_VARIABLE]: localLink ?? '' };
    this.ended = ended;
    for (let seat = 0; seat < count; seat++) this.launch(seat, url, device, 0);
    process.once('exit', this.onProcessExit);
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

  /** `deaths`: this seat's processes in a row that ended soon after their start. */
  private launch(seat: number, url: string, device: string | null, deaths: number): void {
    const startedMs = performance.now();
    const { use = [], initial } = this.files;
    const own = [...use.flatMap((module) => ['--use', module]), ...(initial ? ['--initial', initial] : [])];
    const options = ['--join', url, '--slot', `${seat}`, '--retry-for', '0', '--quiet', ...own];
    const child = spawn(
      process.execPath,
      [...process.execArgv, ENTRY, 'worker', ...options, ...(device === null ? [] : ['--device', device])],
      // In a group of its own, so that Ctrl-C reaches the coordinator alone, which then ends the workers in order.
      // The token goes by the environment: a command line can be read by everyone on the machine.
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: { ...process.env, ...this.secrets } },
    );
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
          this.launch(seat, url, device, again);
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

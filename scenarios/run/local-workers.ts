import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';

/** The command beside this module: compiled, or a source where sources are run directly. */
const ENTRY = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../cli.ts' : '../cli.js', import.meta.url));

/** Starts the workers of a run that does not wait for others' workers, and ends them with it. */
export interface WorkerLauncher {
  start(count: number, url: string, device: string | null): void;
  stop(): Promise<void>;
}

/** Worker processes on this machine. */
export class LocalWorkers implements WorkerLauncher {
  private readonly children: ChildProcess[] = [];
  private ending = false;
  private readonly onProcessExit = () => this.kill('SIGKILL');

  constructor(private readonly onExit: (message: string) => void) {}

  start(count: number, url: string, device: string | null): void {
    for (let i = 0; i < count; i++) {
      const child = spawn(
        process.execPath,
        [
          ...process.execArgv,
          ENTRY,
          'worker',
          '--join',
          url,
          '--quiet',
          ...(device === null ? [] : ['--device', device]),
        ],
        // In a group of its own, so that Ctrl-C reaches the coordinator alone, which then ends the workers in order.
        { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
      );
      let sent = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        sent = (sent + text).slice(-2000);
      });
      child.once('exit', (code, signal) => {
        if (!this.ending) this.onExit(`worker process ${child.pid} ended (${signal ?? code}): ${sent.trim()}`);
      });
      child.once('error', (error) => {
        throw new GradswarmError('ERR_WORKER_LOST', `a worker process cannot be started: ${error.message}`);
      });
      this.children.push(child);
    }
    process.once('exit', this.onProcessExit);
  }

  /** Process identifiers, in order. */
  get pids(): readonly number[] {
    return this.children.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async stop(): Promise<void> {
    this.ending = true;
    const running = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = Promise.all(
      running.map((child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))),
    );
    const timer = setTimeout(() => this.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(timer);
    process.off('exit', this.onProcessExit);
  }

  private kill(signal: NodeJS.Signals): void {
    this.ending = true;
    for (const child of this.children) if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  }
}

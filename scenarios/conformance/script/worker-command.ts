import { type ChildProcess, spawn } from 'node:child_process';
import { NotReached } from '../case.js';

/** Last characters of what the command printed, for the report. */
const KEPT_CHARACTERS = 2000;
/** Whether it leaves by itself is a case of its own. */
const LEAVE_MS = 200;

/** A process of the command under test, in a group of its own: a shell's children end with it. */
export class WorkerCommand {
  private readonly child: ChildProcess;
  private output = '';
  private status: string | null = null;
  readonly ended: Promise<string>;

  /** `{url}` and `{token}` in the command's words become those of the run; the environment has them too. */
  constructor(command: readonly string[], url: string, token: string) {
    const [program, ...args] = command.map((word) => word.replaceAll('{url}', url).replaceAll('{token}', token));
    this.child = spawn(program!, args, {
      env: { ...process.env, GRADSWARM_URL: url, GRADSWARM_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const keep = (part: Buffer): void => {
      this.output = (this.output + part).slice(-KEPT_CHARACTERS);
    };
    this.child.stdout!.on('data', keep);
    this.child.stderr!.on('data', keep);
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => resolve((this.status ??= how));
      this.child.once('error', (error) => end(`could not be started: ${error.message}`));
      this.child.once('close', (code, signal) => end(signal ? `ended by ${signal}` : `ended with status ${code}`));
    });
  }

  /** What it printed last, in one line. */
  get lastWords(): string {
    return this.output.trim().split('\n').slice(-3).join(' | ');
  }

  get running(): boolean {
    return this.status === null;
  }

  /** How it ended; NotReached when it did not within `ms`. */
  async ends(ms: number): Promise<string> {
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new NotReached(`the process still ran after ${ms} ms`)), ms).unref();
    });
    return Promise.race([this.ended, late]);
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.signal('SIGTERM');
    const forced = setTimeout(() => this.signal('SIGKILL'), LEAVE_MS);
    await this.ended;
    clearTimeout(forced);
  }

  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.child.pid!, name);
    } catch {
      // It has ended.
    }
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly errors: string;
}

/** A process of the command under test. */
export class Process {
  readonly ended: Promise<Ended>;
  out = '';
  errors = '';
  private readonly child: ChildProcess;

  constructor(args: readonly string[], folder: string, token: string) {
    this.child = spawn(process.execPath, [CLI, ...args], {
      cwd: folder,
      env: { ...process.env, GRADSWARM_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (part) => (this.out += part));
    this.child.stderr!.on('data', (part) => (this.errors += part));
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code, signal) => resolve({ code, signal, out: this.out, errors: this.errors })),
    );
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for a text on the error output. */
  async says(text: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = text.exec(this.errors);
      if (found) return found;
      if (this.isOver) throw new Error(`the process ended before it printed ${text}:\n${this.errors}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resident memory now, and the most so far, MB. Null where the system does not show it, or when it is over. */
  memory(): { readonly now: number; readonly peak: number } | null {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
      const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
      return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
    } catch {
      return null;
    }
  }

  kill(): void {
    if (!this.isOver) this.child.kill('SIGKILL');
  }
}

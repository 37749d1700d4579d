import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const BLOCKING = new URL('./blocking-objective.js', import.meta.url).href;

/** A `gradswarm` process that knows the objective 'blocking', with what it printed so far. */
export interface CommandProcess {
  readonly child: ChildProcess;
  readonly printed: { readonly out: string; readonly err: string };
  /** Exit status, or null after a signal. */
  readonly ended: Promise<number | null>;
  /** Resolves once the text is on standard error. */
  seen(text: string | RegExp): Promise<void>;
}

export function startCommand(...args: readonly string[]): CommandProcess {
  return startProgram(CLI, ...args);
}

/** The same of a program of one's own. */
export function startProgram(...args: readonly string[]): CommandProcess {
  const child = spawn(process.execPath, ['--import', BLOCKING, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  const waiting = new Set<() => void>();
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text;
    for (const look of waiting) look();
  });
  return {
    child,
    printed,
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    seen: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!new RegExp(text).test(printed.err)) return;
          waiting.delete(look);
          resolve();
        };
        child.once('exit', () => reject(new Error(`ended before ${text} was printed: ${printed.err}`)));
        waiting.add(look);
        look();
      }),
  };
}

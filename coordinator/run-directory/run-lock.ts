import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';

const NAME = 'lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own count: a number that is used again belongs to another process. Null: not known. */
  readonly born: string | null;
}

/** A run directory has one writer. The lock of a process that has ended is taken over. */
export class RunLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws ERR_CHECKPOINT when another process, or one of another machine, writes here. */
  static take(folder: string): RunLock {
    const path = join(folder, NAME);
    const own: Holder = { pid: process.pid, host: hostname(), born: statOf(process.pid)?.born ?? null };
    for (let tries = 0; ; tries++) {
      try {
        const descriptor = openSync(path, 'wx');
        writeSync(descriptor, `${JSON.stringify(own)}\n`);
        closeSync(descriptor);
        return new RunLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 3) throw error;
      }
      const holder = holderOf(path);
      if (holder && !isGone(holder) && !(holder.pid === own.pid && holder.host === own.host))
        throw new GradswarmError(
          'ERR_CHECKPOINT',
          `${folder}: process ${holder.pid} on ${holder.host} writes here; wait for it, or delete ${path} if it has ended`,
        );
      rmSync(path, { force: true });
    }
  }

  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/** Null: no lock, or one whose writer ended before it had written it. */
function holderOf(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isGone({ pid, host, born }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const now = statOf(pid);
  // A process that was killed and not waited for is there still, in name.
  return now !== null && (now.state === 'Z' || now.state === 'X' || (born !== null && now.born !== born));
}

/** From fields 3 and 22 of /proc/<pid>/stat, where the system has it. */
function statOf(pid: number): { readonly state: string; readonly born: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, born: fields[19]! };
  } catch {
    return null;
  }
}

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds the lock of a run directory. Null: the system does not show it. */
export interface LockHolder {
  /** Of the lock itself: no two are alike. */
  readonly key: string;
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own count: a number that is used again belongs to another process. */
  readonly born: string | null;
  /** The start of the system, and the space in which process numbers count: containers have their own, often from 1 on. */
  readonly boot: string | null;
  readonly space: string | null;
}

export function ownHolder(key: string): LockHolder {
  const { pid } = process;
  return { key, pid, host: hostname(), born: statOf(pid)?.born ?? null, boot: bootOf(), space: spaceOf() };
}

/** Process numbers of the holder are valid here: whether it still runs can be checked. */
export function isVisible({ host, boot, space }: LockHolder): boolean {
  const here = { boot: bootOf(), space: spaceOf() };
  if (boot && space && here.boot && here.space) return boot === here.boot && space === here.space;
  return host === hostname();
}

/** The holder has ended, for certain. */
export function hasEnded(holder: LockHolder): boolean {
  if (!isVisible(holder)) return false;
  const { pid, born } = holder;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const now = statOf(pid);
  // A process that was killed and not waited for is there still, in name.
  return now !== null && (now.state === 'Z' || now.state === 'X' || (born !== null && now.born !== born));
}

export function isThisProcess(holder: LockHolder): boolean {
  return holder.pid === process.pid && isVisible(holder) && !hasEnded(holder);
}

/** Where the system shows it: fields 3 and 22 of /proc/<pid>/stat. */
function statOf(pid: number): { readonly state: string; readonly born: string } | null {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, born: fields[19]! };
}

function bootOf(): string | null {
  return textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

function spaceOf(): string | null {
  return textOf(() => readlinkSync('/proc/self/ns/pid'));
}

function textOf(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

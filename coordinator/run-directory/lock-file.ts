import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { nanoid } from 'nanoid';
import { PARTIAL, writeFully } from './atomic-file.js';
import type { LockHolder } from './lock-holder.js';

/** What a lock looks like at one moment. It was renewed when any of these has changed. */
export interface LockSight {
  /** Null: the file is damaged. */
  readonly holder: LockHolder | null;
  readonly mark: string;
}

/** Null: there is no lock. Opened, not only looked up: a network file system then looks at the file itself. */
export function sightOf(path: string): LockSight | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const text = readFileSync(descriptor, 'utf8');
    const { ino, mtimeMs } = fstatSync(descriptor);
    return { holder: parsed(text), mark: `${ino} ${mtimeMs} ${text}` };
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the lock, whole, where there is none. Its open descriptor; null: there is one. */
export function makeLock(path: string, holder: LockHolder): number | null {
  const partial = besides(path);
  try {
    const descriptor = openSync(partial, 'wx');
    try {
      writeFully(descriptor, Buffer.from(`${JSON.stringify(holder)}\n`));
      fsyncSync(descriptor);
      moveWhereNone(partial, path);
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
      throw error;
    }
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Removes the lock if it is still as it was seen. One that another process has made since is put back. */
export function breakLock(path: string, seen: LockSight): void {
  const aside = besides(path);
  try {
    renameSync(path, aside);
    if (sightOf(aside)?.mark !== seen.mark) moveWhereNone(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** The file at the path is the one that is open. */
export function isSameFile(descriptor: number, path: string): boolean {
  try {
    return statSync(path).ino === fstatSync(descriptor).ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Gives a file another name that is not in use: EEXIST. Where the system knows no second names, in two steps. */
function moveWhereNone(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    closeSync(openSync(to, 'wx'));
    renameSync(from, to);
  }
}

function besides(path: string): string {
  return join(dirname(path), `.lock-${nanoid(8)}${PARTIAL}`);
}

function parsed(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as LockHolder;
    return typeof holder?.pid === 'number' ? holder : null;
  } catch {
    return null;
  }
}

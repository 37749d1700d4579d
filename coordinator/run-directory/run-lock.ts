import { closeSync, futimesSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { GradswarmError } from '../../protocol/errors.js';
import { breakLock, isSameFile, type LockSight, makeLock, sightOf } from './lock-file.js';
import { hasEnded, isThisProcess, isVisible, type LockHolder, ownHolder } from './lock-holder.js';

const NAME = 'lock';

/** How often a process renews its lock, and after how long without that the lock is stale, milliseconds. */
export const RENEW_MS = 5_000;
const STALE_MS = 30_000;

const LOOK_MS = 250;

/**
 * A run directory has one writer. Its lock is a lease: a file whose time is renewed. One whose process is known to have ended is taken
 * over at once; one of another machine or container, whose process numbers say nothing here, when it was not renewed while this
 * process watched it for STALE_MS by its own clock. A holder that was silent for so long looks, before it writes, whether the lock
 * is still its own.
 */
export class RunLock {
  /** Receives the folders that this thread locks and unlocks, for a thread that renews their locks while this one computes. */
  static observer: ((folder: string, isHeld: boolean) => void) | null = null;

  private renewedMs = performance.now();
  /** By the clock on the wall, which continues while the machine sleeps. */
  private renewedAt = Date.now();
  private released = false;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private readonly descriptor: number,
  ) {
    this.timer = setInterval(() => this.renewQuietly(), RENEW_MS);
    this.timer.unref();
    RunLock.observer?.(folder, true);
  }

  /** Throws ERR_CHECKPOINT when another process, or one of another machine, writes here. */
  static take(folder: string): RunLock {
    const path = join(folder, NAME);
    const own = ownHolder(nanoid());
    for (;;) {
      const descriptor = makeLock(path, own);
      if (descriptor !== null) return new RunLock(folder, descriptor);
      const seen = sightOf(path);
      if (!seen) continue;
      if (seen.holder && !hasEnded(seen.holder) && !isThisProcess(seen.holder)) throw held(folder, seen);
      breakLock(path, seen);
    }
  }

  /** Renews a lock that a thread of this process took: it may compute for long in one call. */
  static renewOwn(folder: string): void {
    const path = join(folder, NAME);
    const holder = sightOf(path)?.holder;
    if (holder && isThisProcess(holder)) utimesSync(path, new Date(), new Date());
  }

  /** Removes a lock that a thread of this process took and, since it was cut off, has not released. */
  static removeOwn(folder: string): void {
    const path = join(folder, NAME);
    const seen = sightOf(path);
    if (seen?.holder && isThisProcess(seen.holder)) breakLock(path, seen);
  }

  /** Before anything is written. Throws ERR_STOPPED when another process has taken the lock over. */
  check(): void {
    const silentMs = Math.max(performance.now() - this.renewedMs, Math.abs(Date.now() - this.renewedAt));
    if (silentMs >= RENEW_MS) this.renew();
  }

  /** False: another process has it. */
  get isHeld(): boolean {
    return !this.released && isSameFile(this.descriptor, join(this.folder, NAME));
  }

  release(): void {
    if (this.released) return;
    clearInterval(this.timer);
    RunLock.observer?.(this.folder, false);
    if (this.isHeld) rmSync(join(this.folder, NAME), { force: true });
    this.released = true;
    closeSync(this.descriptor);
  }

  private renew(): void {
    if (!this.isHeld)
      throw new GradswarmError(
        'ERR_STOPPED',
        `${this.folder}: another process writes here now: this one did not renew its lock for ${STALE_MS} ms`,
      );
    futimesSync(this.descriptor, new Date(), new Date());
    this.renewedMs = performance.now();
    this.renewedAt = Date.now();
  }

  /** What is wrong is reported when something is written. */
  private renewQuietly(): void {
    try {
      this.renew();
    } catch {}
  }
}

/**
 * Until the folder may be written to, as far as can be seen: waits out a lock of another machine or container. Throws ERR_CHECKPOINT
 * while its holder runs, ERR_STOPPED when the user did not wait.
 */
export async function untilFree(
  folder: string,
  options: { readonly signal: AbortSignal; readonly note: (text: string) => void; readonly staleMs?: number },
): Promise<void> {
  const { signal, note, staleMs = STALE_MS } = options;
  const path = join(folder, NAME);
  const seen = sightOf(path);
  if (!seen?.holder || hasEnded(seen.holder) || isThisProcess(seen.holder)) return;
  if (isVisible(seen.holder)) throw held(folder, seen);
  note(`${folder}: ${nameOf(seen)} held it last; waiting up to ${staleMs / 1000} s to see whether it still does`);
  const startedMs = performance.now();
  while (performance.now() - startedMs < staleMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (signal.aborted) throw new GradswarmError('ERR_STOPPED', `${folder}: stopped while waiting for ${nameOf(seen)}`);
    const now = sightOf(path);
    if (!now) return;
    if (now.mark !== seen.mark) throw held(folder, now);
  }
  note(`${folder}: the lock of ${nameOf(seen)} was not renewed for ${staleMs / 1000} s and is taken over`);
  breakLock(path, seen);
}

function nameOf({ holder }: LockSight): string {
  return holder ? `process ${holder.pid} on ${holder.host}` : 'a process';
}

function held(folder: string, sight: LockSight): GradswarmError {
  const wait = sight.holder && !isVisible(sight.holder);
  const way = wait
    ? `; 'gradswarm resume' waits ${STALE_MS / 1000} s for a process that may have ended`
    : '; wait for it';
  return new GradswarmError('ERR_CHECKPOINT', `${folder}: ${nameOf(sight)} writes here${way}`);
}

/** Who writes to a folder now; null: none, a process that has ended, or one out of sight that no longer renews its lock. */
export function writerOf(folder: string): LockHolder | null {
  const path = join(folder, NAME);
  const holder = sightOf(path)?.holder;
  if (!holder || hasEnded(holder)) return null;
  if (isVisible(holder)) return holder;
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  return Date.now() - mtimeMs < STALE_MS ? holder : null;
}

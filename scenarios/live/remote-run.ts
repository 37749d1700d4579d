import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VIEW_PATH } from '../../coordinator/members/run-archive.js';
import { GradswarmError } from '../../protocol/errors.js';
import type * as control from '../../protocol/wire/control-messages.js';
import type { CoordinatorAddress } from '../remote-run/coordinator-address.js';
import { fetchRun } from '../remote-run/fetch-run.js';
import { observeRun } from '../remote-run/observe-run.js';

/** Between two copies, and how many times as long as the last one took: a copy costs the coordinator at most a tenth of its time. */
const LEAST_MS = 2000;
const TIMES = 9;

/** A coordinator that is not there is waited for. */
const RETRY_FOR_MS = 24 * 3_600_000;

/** A run of a coordinator elsewhere: its seats as they change, and a copy of its folder, without checkpoints, made again and again. */
export class RemoteRun {
  private readonly root = mkdtempSync(join(tmpdir(), 'gradswarm-view-'));
  private readonly stop = new AbortController();
  private newest: string | null = null;
  private table: control.Seats | null = null;
  private copies = 0;

  private constructor(private readonly address: CoordinatorAddress) {}

  /** Throws what `fetchRun` throws when there is no such run at first. `ended`: the token is no longer taken, or the protocol is broken. */
  static async open(address: CoordinatorAddress, ended: (error: unknown) => void): Promise<RemoteRun> {
    const run = new RemoteRun(address);
    try {
      await run.copy();
    } catch (error) {
      run.close();
      throw error;
    }
    // A copy that was under way when the view was closed fails for want of its folder.
    run.follow().catch((error) => {
      if (!run.stop.signal.aborted) ended(error);
    });
    return run;
  }

  /** Of the newest whole copy. */
  get folder(): string | null {
    return this.newest;
  }

  /** Null: none has arrived yet, or the run is over. */
  get seats(): control.Seats | null {
    return this.table;
  }

  /** Ends the connection and deletes the copy. */
  close(): void {
    this.stop.abort();
    rmSync(this.root, { recursive: true, force: true });
  }

  private async follow(): Promise<void> {
    const { signal } = this.stop;
    const observer = {
      progress: () => {},
      seats: (table: control.Seats) => {
        this.table = table;
      },
    };
    let isOver = false;
    const over = observeRun(this.address, observer, { signal, retryForMs: RETRY_FOR_MS }).then(() => {
      isOver = true;
    });
    const copies = (async () => {
      while (!isOver && !signal.aborted) await this.copyAndWait(signal);
    })();
    await Promise.all([over, copies]);
    this.table = null;
    // The last one has the verdict, where the coordinator lingers.
    if (!signal.aborted) await this.copy().catch(lostAlone);
  }

  private async copyAndWait(signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    await this.copy().catch(lostAlone);
    const tookMs = performance.now() - begun;
    await sleep(Math.max(LEAST_MS, TIMES * tookMs), undefined, { signal }).catch(() => {});
  }

  private async copy(): Promise<void> {
    const folder = join(this.root, String(this.copies++));
    await fetchRun(this.address, folder, VIEW_PATH);
    const old = this.newest;
    if (this.stop.signal.aborted || !existsSync(this.root)) return this.close();
    this.newest = folder;
    if (old) rmSync(old, { recursive: true, force: true });
  }
}

/** A coordinator that is starting again comes back. */
function lostAlone(error: unknown): void {
  if (!(error instanceof GradswarmError) || error.code !== 'ERR_WORKER_LOST') throw error;
}

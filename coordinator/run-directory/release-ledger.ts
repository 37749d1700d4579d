import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { AppendOnlyFile } from './append-only-file.js';
import { damaged } from './checkpoint-store.js';
import { readJsonLines, SHAPES } from './json-file.js';

/** A line that is no release: rounds from this one on are done again. */
interface BackTo {
  readonly backTo: number;
}

interface Release {
  readonly round: number;
  readonly noise: string;
}

const LEDGER = 'ledger.jsonl';

/** Releases of secure noise are missing: no checkpoint is before them. */
export class LostReleases extends GradswarmError {
  constructor(path: string, needed: number, there: number) {
    const what = `expected at least ${needed} bytes, got ${there}: releases that were made would not be counted`;
    super('ERR_CHECKPOINT', `${path}: ${what}; put the whole file back, or begin a new run with another --out`);
  }
}

/** ledger.jsonl: the privacy releases of a run. The one file that no resumption cuts: what was released stays released. */
export class ReleaseLedger {
  private readonly path: string;
  /** Only runs with releases have one. */
  private file: AppendOnlyFile | null;

  constructor(folder: string) {
    this.path = join(folder, LEDGER);
    this.file = existsSync(this.path) ? new AppendOnlyFile(this.path) : null;
  }

  /** Handed to the operating system before it returns; those of secure noise, which cannot be made again, forced to the disk. */
  append(entries: readonly { readonly noise?: string }[]): void {
    this.file ??= new AppendOnlyFile(this.path);
    for (const entry of entries) this.file.appendJson(entry);
    if (entries.some(({ noise }) => noise === 'secure')) this.file.syncedByteLength();
    else this.file.flush();
  }

  /** What a checkpoint remembers, durable when it returns. */
  syncedLengths(): Readonly<Record<string, number>> {
    return this.file ? { [LEDGER]: this.file.syncedByteLength() } : {};
  }

  /**
   * Throws ERR_CHECKPOINT where it is shorter than that: of seeded noise an earlier checkpoint can be gone back to; under secure noise
   * LostReleases.
   */
  check(lengths: Readonly<Record<string, number>>, isSecure: boolean): void {
    const needed = lengths[LEDGER] ?? 0;
    const there = this.file?.length ?? 0;
    if (there >= needed) return;
    if (isSecure) throw new LostReleases(this.path, needed, there);
    damaged(this.path, `at least ${needed} bytes`, `${there}`);
  }

  /** Releases of seeded noise after that round are made again, and count once. */
  backTo(round: number): void {
    this.file?.appendJson({ backTo: round } satisfies BackTo);
    this.file?.flush();
  }

  /**
   * Every release so far. Rounds repeated with the same seeded noise have released nothing new: of those the last time counts,
   * and with secure noise every time.
   */
  releases(): unknown[] {
    let releases: Release[] = [];
    for (const entry of readJsonLines<Release | BackTo>(this.path, SHAPES.release)) {
      if ('backTo' in entry)
        releases = releases.filter(({ round, noise }) => noise === 'secure' || round < entry.backTo);
      else releases.push(entry);
    }
    return releases;
  }

  close(): void {
    this.file?.close();
  }
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { type Attempt, Attempts, attemptsOfLedger } from '../../protocol/privacy/accounting/attempts.js';
import { AppendOnlyFile } from './append-only-file.js';
import { type Begun, begunAttempt, begunLine } from './begun-line.js';
import { damaged } from './checkpoint-store.js';
import { readJsonLines } from './json-file.js';

/** Lines that are no releases. Rounds from this one on are done again. */
interface BackTo {
  readonly backTo: number;
}

/** Of secure noise: the lines before hold the releases of this attempt at a round and of those before it. */
interface Charged {
  readonly charged: number;
  readonly attempt: number;
}

interface Release {
  readonly round: number;
  readonly attempt: number;
  readonly noise: string;
}

type Line = Release | BackTo | Begun | Charged;

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

  /**
   * Handed to the operating system before it returns; those of secure noise, which cannot be made again, forced to the disk. `charged`:
   * attempts at rounds up to which all releases are recorded then.
   */
  append(
    entries: readonly { readonly noise?: string }[],
    charged: readonly { readonly round: number; readonly attempt: number }[] = [],
  ): void {
    this.file ??= new AppendOnlyFile(this.path);
    for (const entry of entries) this.file.appendJson(entry);
    for (const { round, attempt } of charged) this.file.appendJson({ charged: round, attempt } satisfies Charged);
    if (charged.length > 0 || entries.some(({ noise }) => noise === 'secure')) this.file.syncedByteLength();
    else this.file.flush();
  }

  /** On the disk when it returns: whatever happens to the machine, an attempt that may have released is known. */
  begin(...attempts: readonly Attempt[]): void {
    this.file ??= new AppendOnlyFile(this.path);
    for (const attempt of attempts) this.file.appendJson(begunLine(attempt));
    this.file.syncedByteLength();
  }

  /** That were recorded: of one without a line of its own the releases are all there is. */
  attempts(): Attempts {
    const attempts = new Attempts();
    const known = (round: number, count: number): void => {
      for (let attempt = attempts.begun(round); attempt < count; attempt++)
        attempts.begin({ round, attempt, cohort: [] });
    };
    for (const line of this.lines()) {
      if ('begun' in line) {
        known(line.begun, line.attempt);
        attempts.begin(begunAttempt(line));
      } else if ('charged' in line) attempts.charge(line.charged, line.attempt);
      else if ('noise' in line && line.noise === 'secure') known(line.round, line.attempt + 1);
    }
    return attempts;
  }

  /** Of a run that did not record them, which continues from round `from`; all that began so far is then recorded. */
  recordAttempts(from: number): void {
    const attempts = attemptsOfLedger(this.releases() as Release[], from).recorded();
    const charged = attempts.filter((of) => of.charged > 0);
    this.append(
      [],
      charged.map(({ round, charged: count }) => ({ round, attempt: count - 1 })),
    );
    this.begin(...attempts.flatMap((of) => of.begun.slice(of.charged)));
  }

  private lines(): Generator<Line> {
    return readJsonLines<Line>(this.path, 'release');
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
    for (const entry of this.lines()) {
      if ('backTo' in entry)
        releases = releases.filter(({ round, noise }) => noise === 'secure' || round < entry.backTo);
      else if ('noise' in entry) releases.push(entry);
    }
    return releases;
  }

  close(): void {
    this.file?.close();
  }
}

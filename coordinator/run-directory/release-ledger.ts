import { existsSync } from 'node:fs';
import { AppendOnlyFile } from './append-only-file.js';
import { readJsonLines, SHAPES } from './json-file.js';

/** A line that is no release: rounds from this one on are done again. */
interface BackTo {
  readonly backTo: number;
}

interface Release {
  readonly round: number;
  readonly noise: string;
}

/** ledger.jsonl: the privacy releases of a run. The one file that no resumption cuts: what was released stays released. */
export class ReleaseLedger {
  /** Opened at the first release. */
  private file: AppendOnlyFile | null = null;

  constructor(private readonly path: string) {}

  /** Handed to the operating system before it returns. */
  append(entries: readonly unknown[]): void {
    this.file ??= new AppendOnlyFile(this.path);
    for (const entry of entries) this.file.appendJson(entry);
    this.file.flush();
  }

  /** Releases of seeded noise after that round are made again, and count once. */
  backTo(round: number): void {
    if (existsSync(this.path)) this.append([{ backTo: round } satisfies BackTo]);
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

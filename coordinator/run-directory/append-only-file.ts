import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { jsonText } from './atomic-file.js';
import { GrowingFile } from './growing-file.js';

const FLUSH_CHARACTERS = 64 * 1024;
const FLUSH_AFTER_MS = 250;

/**
 * A text file that only grows, line by line. Lines are kept in memory until there are enough of them or a quarter of a
 * second has passed, so that a line costs well under a microsecond of system time; a crash loses at most those.
 */
export class AppendOnlyFile extends GrowingFile {
  private waiting = '';
  private lastFlushMs = performance.now();

  /** A last line that the end of a process left unfinished is removed: nothing may follow on it. */
  constructor(path: string) {
    removeUnfinished(path);
    super(path);
  }

  append(line: string): void {
    this.waiting += `${line}\n`;
    if (this.waiting.length >= FLUSH_CHARACTERS || performance.now() - this.lastFlushMs >= FLUSH_AFTER_MS) this.flush();
  }

  appendJson(record: unknown): void {
    this.append(jsonText(record));
  }

  override flush(): void {
    this.lastFlushMs = performance.now();
    if (this.waiting === '') return;
    this.write(Buffer.from(this.waiting));
    this.waiting = '';
  }
}

function removeUnfinished(path: string): void {
  if (!existsSync(path)) return;
  const text = readFileSync(path);
  const end = text.lastIndexOf('\n'.charCodeAt(0)) + 1;
  if (end < text.length) truncateSync(path, end);
}

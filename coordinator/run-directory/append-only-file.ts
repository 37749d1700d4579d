import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { jsonText, writeFully } from './atomic-file.js';

const FLUSH_CHARACTERS = 64 * 1024;
const FLUSH_AFTER_MS = 250;

/**
 * A text file that only grows, line by line. Lines are kept in memory until there are enough of them or a quarter of a
 * second has passed, so that a line costs well under a microsecond of system time; a crash loses at most those.
 */
export class AppendOnlyFile {
  readonly #descriptor: number;
  #byteLength: number;
  #waiting = '';
  #lastFlushMs = performance.now();

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a');
    this.#byteLength = fstatSync(this.#descriptor).size;
  }

  append(line: string): void {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= FLUSH_CHARACTERS || performance.now() - this.#lastFlushMs >= FLUSH_AFTER_MS)
      this.flush();
  }

  appendJson(record: unknown): void {
    this.append(jsonText(record));
  }

  flush(): void {
    this.#lastFlushMs = performance.now();
    if (this.#waiting === '') return;
    const bytes = Buffer.from(this.#waiting);
    writeFully(this.#descriptor, bytes);
    this.#byteLength += bytes.length;
    this.#waiting = '';
  }

  /** Bytes of all lines so far, after forcing them to the disk: what a checkpoint remembers. */
  syncedByteLength(): number {
    this.flush();
    fsyncSync(this.#descriptor);
    return this.#byteLength;
  }

  /** Forgets everything after `byteLength`. False, and nothing done, when the file is shorter. */
  cut(byteLength: number): boolean {
    this.flush();
    if (byteLength > this.#byteLength) return false;
    ftruncateSync(this.#descriptor, byteLength);
    this.#byteLength = byteLength;
    return true;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }
}

/** The records of events.jsonl or deliveries.jsonl, one a line; a last line that a crash left unfinished is left out. */
export function* readJsonLines(path: string): Generator<unknown> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    yield JSON.parse(text.slice(start, end));
    start = end + 1;
  }
}

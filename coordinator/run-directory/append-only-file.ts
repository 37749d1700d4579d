import { existsSync, readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import { jsonText } from './atomic-file.js';
import { GrowingFile } from './growing-file.js';

const FLUSH_CHARACTERS = 64 * 1024;
const FLUSH_AFTER_MS = 250;

/**
 * A text file that only grows, line by line. Lines are kept in memory until there are enough of them or a quarter of a
 * second has passed, so that a line costs well under a microsecond of system time; a crash loses at most those.
 */
export class AppendOnlyFile extends GrowingFile {
  #waiting = '';
  #lastFlushMs = performance.now();

  append(line: string): void {
    this.#waiting += `${line}\n`;
    if (this.#waiting.length >= FLUSH_CHARACTERS || performance.now() - this.#lastFlushMs >= FLUSH_AFTER_MS)
      this.flush();
  }

  appendJson(record: unknown): void {
    this.append(jsonText(record));
  }

  override flush(): void {
    this.#lastFlushMs = performance.now();
    if (this.#waiting === '') return;
    this.write(Buffer.from(this.#waiting));
    this.#waiting = '';
  }
}

/** The records of events.jsonl or deliveries.jsonl, one a line; a last line that a crash left unfinished is left out. */
export function* readJsonLines(path: string): Generator<unknown> {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  let start = 0;
  let line = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    yield parsedLine(path, text.slice(start, end), ++line);
    start = end + 1;
  }
}

/** Throws ERR_CHECKPOINT when a line within the first `byteLength` bytes is no JSON. */
export function checkJsonLines(path: string, byteLength: number): void {
  const lines = readFileSync(path).subarray(0, byteLength).toString('utf8').split('\n');
  for (const [i, line] of lines.entries()) if (line !== '') parsedLine(path, line, i + 1);
}

function parsedLine(path: string, text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new GradswarmError('ERR_CHECKPOINT', `${path}, line ${line}: expected JSON, got other text`);
  }
}

import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Of a file of events: what came before is in the file alone. */
const TAIL_BYTES = 256 * 1024;

/** The whole lines at the end of a JSONL file; empty: there is no file. */
export function lastLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    return (size > bytes.length ? lines.slice(1) : lines).map((line) => JSON.parse(line) as T);
  } finally {
    closeSync(descriptor);
  }
}

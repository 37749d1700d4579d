import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { readJsonLine } from '../../coordinator/run-directory/json-file.js';
import type { Shape } from '../../coordinator/run-directory/json-shapes.js';

/** Of a file of events: what came before is in the file alone. */
const TAIL_BYTES = 256 * 1024;

/** The records of whole lines at the end of a JSONL file; empty: there is no file. Throws ERR_CHECKPOINT where one is damaged. */
export function lastLines<T>(path: string, shape: Shape): T[] {
  if (!existsSync(path)) return [];
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    return (size > bytes.length ? lines.slice(1) : lines).map((line) => readJsonLine<T>(line, shape, path));
  } finally {
    closeSync(descriptor);
  }
}

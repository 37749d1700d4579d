import { CsvError } from 'csv-parse';
import type { FileBytes } from '../../arrays/file-bytes.js';

const CHUNK_BYTES = 1 << 16;

/** Rows that could be read, as far as a message needs them. */
export interface RowsBefore {
  readonly first: { readonly cellCount: number; readonly line: number };
  /** The last one: the lines that it takes, and the byte after it. */
  readonly last: { readonly line: number; readonly breaks: number; readonly end: number };
}

/** The parser's error, with the line on which the row that it could not read begins. `before`: null at the first row. */
export function explained(error: Error, file: FileBytes, before: RowsBefore | null): string {
  if (!(error instanceof CsvError)) return error.message;
  const start = before ? nextLine(file, before.last) : 1;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return `line ${openingQuote(file, before?.last ?? null, start)}: a quote is opened and never closed`;
  if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH' || error.code === 'CSV_RECORD_INCONSISTENT_COLUMNS') {
    const { record } = error as unknown as { readonly record?: readonly string[] };
    const advice = before?.first.cellCount === 1 ? '; set delimiter if another sign separates values' : '';
    return `line ${start}: expected ${before?.first.cellCount ?? 0} values as in line ${before?.first.line}, got ${record?.length ?? 'another number'}${advice}`;
  }
  return `line ${start}: ${error.message}`;
}

/** Line after a row, empty lines skipped. */
function nextLine(file: FileBytes, { line, breaks, end }: RowsBefore['last']): number {
  let next = line + breaks + 1;
  for (const text of linesFrom(file, end)) {
    if (text.trim() !== '') break;
    next++;
  }
  return next;
}

/** First line from `start` on that has an odd number of quotes. */
function openingQuote(file: FileBytes, last: RowsBefore['last'] | null, start: number): number {
  let line = last ? last.line + last.breaks + 1 : 1;
  for (const text of linesFrom(file, last?.end ?? 0)) {
    if (line >= start && (text.match(/"/g)?.length ?? 0) % 2 === 1) return line;
    line++;
  }
  return start;
}

/** Lines of a file from a byte on that begins one. */
function* linesFrom(file: FileBytes, offset: number): Generator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for (let at = offset; at < file.size; at += CHUNK_BYTES) {
    const bytes = file.read(at, Math.min(CHUNK_BYTES, file.size - at));
    const text = rest + decoder.decode(bytes, { stream: true });
    // The other half of a line end may be in the next chunk.
    const lines = text.split(text.endsWith('\r') ? /\r\n|\r(?!$)|\n/ : /\r\n|\r|\n/);
    rest = lines.pop()!;
    yield* lines;
  }
  yield* (rest + decoder.decode()).split(/\r/);
}

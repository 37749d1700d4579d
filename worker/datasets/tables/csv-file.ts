import { isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { type InfoRecord, Parser } from 'csv-parse';
import { GradswarmError } from '../../../protocol/errors.js';
import { type FileBytes, openFile } from '../../arrays/file-bytes.js';
import { explained, type RowsBefore } from './csv-fault.js';
import { checkNames, type Header, HeaderEvidence } from './csv-header.js';
import { type CsvFormat, CsvMemory, CsvPart, type CsvPlace } from './csv-part.js';
import { type Table, wrong } from './table.js';

/** Read at once, and at least so much makes a part: small, because batches are drawn at random. */
const CHUNK_BYTES = 1 << 20;
const PART_BYTES = 1 << 16;

/** A CSV file. */
export interface CsvTable extends Table {
  readonly parts: readonly CsvPart[];
}

export interface CsvRules {
  readonly header: Header;
  readonly delimiter: string;
  /** Fewer rows of values are refused. */
  readonly leastRows?: number;
  /** Of all files of a data set; left out: everything is in memory. */
  readonly memory?: CsvMemory;
}

/** A row as it is read: its cells, its line, the line breaks inside it and the byte after it. */
interface Row {
  readonly cells: readonly string[];
  readonly line: number;
  readonly breaks: number;
  readonly end: number;
}

/**
 * Every row is checked once, from start to end; then it is in memory, or read again by part. Throws ERR_DATA_MISSING where there is no
 * file, and ERR_DATA_FORMAT with the line where the fault is.
 */
export function readCsv(path: string, rules: CsvRules): CsvTable {
  const { header, delimiter, leastRows = 2, memory = new CsvMemory(Number.POSITIVE_INFINITY) } = rules;
  if (path === '')
    throw new GradswarmError('ERR_DATA_MISSING', `data set 'csv-table': set 'path' to the CSV file to read`);
  if (!existsSync(path)) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a CSV file, there is none`);
  const file = openFile(path);
  const places = new Places(memory, file.modifiedMs);
  let first: Row | null = null;
  let evidence: HeaderEvidence | null = null;
  const format = parsed(file, delimiter, memory, (row) => {
    if (first) evidence?.add(row.cells);
    else {
      first = row;
      if (header === 'auto') evidence = new HeaderEvidence(row.cells);
    }
    places.add(row);
  });
  if (!first) throw wrong(path, 'expected rows, got an empty file');
  const { cells, line } = first as Row;
  const { hasHeader, why } = (evidence ?? new HeaderEvidence(cells)).decision(path, line, header);
  const parts = places.parts(path, format, hasHeader ? 1 : 0);
  const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
  if (rowCount < leastRows)
    throw wrong(path, `expected at least ${leastRows} ${leastRows === 1 ? 'row' : 'rows'} of values, got ${rowCount}`);
  if (hasHeader) checkNames(path, cells, line);
  return {
    path,
    unit: 'line',
    columnNames: hasHeader ? cells : cells.map((_, i) => String(i)),
    rowCount,
    parts,
    decisions: [`header: ${hasHeader ? `line ${line}` : 'none, columns are counted from 0'} (${why})`],
  };
}

/** Calls `use` for each row of the file, chunk by chunk. */
function parsed(file: FileBytes, delimiter: string, memory: CsvMemory, use: (row: Row) => void): CsvFormat {
  let before: RowsBefore | null = null;
  // `lines` counts the lines read so far: a row ends there, and began as many lines earlier as its cells have breaks.
  const keep = (texts: string[], { lines, bytes: end }: InfoRecord): null => {
    const breaks = texts.reduce((sum, text) => sum + breaksOf(text), 0);
    const line = lines - breaks;
    if (parser.options.encoding === 'utf8' && texts.some((text) => text.includes(REPLACED)))
      requireUtf8(file, before?.last.end ?? 0, end, line);
    before = { first: before?.first ?? { cellCount: texts.length, line }, last: { line, breaks, end } };
    use({ cells: texts.map((text) => text.trim()), line, breaks, end });
    return null;
  };
  const failed = (error?: Error | null) => {
    if (error) throw error;
  };
  const parser = new Parser({ bom: true, delimiter, skip_empty_lines: true, trim: true, on_record: keep });
  try {
    for (let at = 0; at < file.size; at += CHUNK_BYTES) {
      const { buffer, byteOffset, length } = file.read(at, Math.min(CHUNK_BYTES, file.size - at));
      // At once, where a stream would come later: a data set may be read without waiting.
      parser._transform(Buffer.from(buffer, byteOffset, length), 'binary', failed);
    }
    parser._flush(failed);
    const { encoding, record_delimiter } = parser.options;
    return memory.shared({
      delimiter,
      rowDelimiter: record_delimiter[0]?.toString(encoding ?? 'utf8') ?? '',
      encoding: encoding ?? 'utf8',
      columnCount: (before as RowsBefore | null)?.first.cellCount ?? 0,
    });
  } catch (error) {
    throw wrong(file.path, explained(error as Error, file, before));
  }
}

/** A decoder's sign for bytes that are no character; a file may also hold it itself. */
const REPLACED = '\uFFFD';

/** Looks at the bytes of a row. Another encoding would give each of its letters the same sign, and so one class to several. */
function requireUtf8(file: FileBytes, start: number, end: number, line: number): void {
  if (isUtf8(file.read(start, end - start))) return;
  throw new Error(`line ${line}: expected text in UTF-8, got bytes of another encoding; save the file as UTF-8`);
}

function breaksOf(text: string): number {
  return /[\r\n]/.test(text) ? text.match(/\r\n|\r|\n/g)!.length : 0;
}

/** Gathers rows to parts. */
class Places {
  private readonly made: { readonly place: CsvPlace; readonly rows: number }[] = [];
  private rows: Row[] = [];
  private offset = 0;

  constructor(
    private readonly memory: CsvMemory,
    private readonly modifiedMs: number,
  ) {}

  add(row: Row): void {
    this.rows.push(row);
    if (row.end - this.offset >= PART_BYTES) this.close();
  }

  parts(path: string, format: CsvFormat, skipped: number): CsvPart[] {
    this.close();
    return this.made.map(({ place, rows }, i) => {
      const own = i === 0 ? skipped : 0;
      return new CsvPart(path, format, { ...place, skipped: own }, rows - own, this.memory);
    });
  }

  private close(): void {
    const { rows, offset } = this;
    if (rows.length === 0) return;
    const end = rows.at(-1)!.end;
    const [{ line: first }] = rows as [Row];
    const isEven = rows.every(({ line }, i) => line === first + i);
    this.made.push({
      place: {
        modifiedMs: this.modifiedMs,
        offset,
        bytes: end - offset,
        skipped: 0,
        lines: isEven ? first : Uint32Array.from(rows, ({ line }) => line),
        slot: this.memory.keep(rows.map(({ cells }) => cells)),
      },
      rows: rows.length,
    });
    this.rows = [];
    this.offset = end;
  }
}

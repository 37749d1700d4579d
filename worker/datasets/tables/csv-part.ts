import { parse } from 'csv-parse/sync';
import { openFile, writtenSince } from '../../arrays/file-bytes.js';
import { TEXT_BYTES } from './kept-columns.js';
import type { TablePart } from './table.js';

type Rows = readonly (readonly string[])[];

/** How the rows of a file are written. */
export interface CsvFormat {
  readonly delimiter: string;
  /** Between rows; empty where the file has one row. */
  readonly rowDelimiter: string;
  readonly encoding: BufferEncoding;
  readonly columnCount: number;
}

/** The texts of CSV files, as long as all of them fit; then none, but for the block that was read last. */
export class CsvMemory {
  private kept: Rows[] | null = [];
  private cells = 0;
  private format: CsvFormat | null = null;
  private last: { readonly part: CsvPart; readonly rows: Rows } | null = null;

  constructor(private readonly limitMiB: number) {}

  /** Returns the number under which `rowsOf` finds these rows. */
  keep(rows: Rows): number {
    if (!this.kept) return -1;
    this.cells += rows.length * (rows[0]?.length ?? 0);
    if (TEXT_BYTES * this.cells > this.limitMiB * 2 ** 20) {
      this.kept = null;
      return -1;
    }
    return this.kept.push(rows) - 1;
  }

  /** One object for all files that are written alike. */
  shared(format: CsvFormat): CsvFormat {
    const { delimiter, rowDelimiter, encoding, columnCount } = this.format ?? format;
    const isSame =
      delimiter === format.delimiter &&
      rowDelimiter === format.rowDelimiter &&
      encoding === format.encoding &&
      columnCount === format.columnCount;
    if (!this.format || !isSame) this.format = format;
    return this.format;
  }

  rowsOf(part: CsvPart): Rows {
    const kept = this.kept?.[part.place.slot];
    if (kept) return kept;
    if (this.last?.part !== part) this.last = { part, rows: part.read() };
    return this.last.rows;
  }
}

/** Where rows are in a file. */
export interface CsvPlace {
  /** When the file was written. */
  readonly modifiedMs: number;
  readonly offset: number;
  readonly bytes: number;
  /** Rows before the first one of the part: the header. */
  readonly skipped: number;
  /** Lines of the rows, the skipped ones included: the first where each is on the next line, else each. */
  readonly lines: number | Uint32Array;
  /** Where CsvMemory has its rows. */
  readonly slot: number;
}

/** A block of rows of a CSV file, read again where the texts of all files do not fit in memory. */
export class CsvPart implements TablePart {
  readonly isByRow = true;

  constructor(
    private readonly path: string,
    private readonly format: CsvFormat,
    readonly place: CsvPlace,
    readonly rowCount: number,
    private readonly memory: CsvMemory,
  ) {}

  column(index: number): readonly string[] {
    const { rowCount, place } = this;
    const rows = this.memory.rowsOf(this);
    const cells = new Array<string>(rowCount);
    for (let row = 0; row < rowCount; row++) cells[row] = rows[place.skipped + row]![index]!.trim();
    return cells;
  }

  /** Trimmed texts row by row. */
  rows(): Rows {
    const rows = this.memory.rowsOf(this).slice(this.place.skipped);
    return rows.map((cells) => cells.map((cell) => cell.trim()));
  }

  lineOf(row: number): number {
    const { lines, skipped } = this.place;
    return typeof lines === 'number' ? lines + skipped + row : lines[skipped + row]!;
  }

  /** All rows of the block. Throws ERR_DATA_FORMAT where the file is no longer what it was. */
  read(): Rows {
    const { place, format, rowCount } = this;
    const file = openFile(this.path);
    if (file.modifiedMs !== place.modifiedMs) throw writtenSince(this.path);
    const { buffer, byteOffset, length } = file.read(place.offset, place.bytes);
    const rows = decoded(Buffer.from(buffer, byteOffset, length), format);
    if (rows.length !== place.skipped + rowCount || rows.some((cells) => cells.length !== format.columnCount))
      throw writtenSince(this.path);
    return rows;
  }
}

const QUOTE = 0x22;

/** What a file in UTF-16 begins with: the parser reads each block as it read the file. */
const UTF_16 = Uint8Array.of(0xff, 0xfe);

/** Rows that the parser has read before: without quotes they are what stands between delimiters, which is found faster. */
function decoded(bytes: Buffer, { delimiter, rowDelimiter, encoding }: CsvFormat): Rows {
  if (encoding !== 'utf8' || bytes.includes(QUOTE))
    return parse(
      encoding === 'utf16le' && !bytes.subarray(0, 2).equals(UTF_16) ? Buffer.concat([UTF_16, bytes]) : bytes,
      {
        bom: true,
        delimiter,
        skip_empty_lines: true,
        trim: true,
        ...(rowDelimiter !== '' && { record_delimiter: rowDelimiter }),
      },
    );
  const text = bytes.toString('utf8');
  const rows: (readonly string[])[] = [];
  for (const line of rowDelimiter === '' ? [text] : text.split(rowDelimiter)) {
    const cells = line.split(delimiter);
    if (cells.length > 1 || line.trim() !== '') rows.push(cells);
  }
  return rows;
}

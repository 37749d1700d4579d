import { existsSync, readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { GradswarmError } from '../../../protocol/errors.js';
import { isNumber } from './cells.js';

/** Rows of a table that lie one after the other: a CSV file, or a row group of a Parquet file. */
export interface TablePart {
  readonly rowCount: number;
  /** Trimmed texts of a column. A Parquet file is read at each call. */
  column(index: number): readonly string[];
}

/** A table of a file, or of the files of a folder, as texts. */
export interface Table {
  readonly path: string;
  readonly columnNames: readonly string[];
  readonly rowCount: number;
  readonly parts: readonly TablePart[];
  /** What `lineOf` counts: lines of a CSV file, rows of a Parquet file. */
  readonly unit: 'line' | 'row';
  /** Line of the file on which each row begins, or its number. From 1. */
  lineOf(row: number): number;
  /** What was decided while reading, one sentence each. */
  readonly decisions: readonly string[];
  /** Of several files: which one each row is of. */
  readonly files?: { readonly of: Int32Array; readonly names: readonly string[] };
}

/** A CSV file, which is in memory. */
export interface CsvTable extends Table {
  readonly rows: readonly (readonly string[])[];
}

/** A column of all parts. */
export function columnOf({ parts }: Table, index: number): readonly string[] {
  return parts.length === 1 ? parts[0]!.column(index) : parts.flatMap((part) => part.column(index));
}

export type Header = 'auto' | 'yes' | 'no';

/** Rows below the first that say what a column holds, and how many values are few. */
const ENOUGH_ROWS = 10;
const FEW_VALUES = 20;

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

export function wrong(path: string, message: string): GradswarmError {
  return new GradswarmError('ERR_DATA_FORMAT', `${path}: ${message}`);
}

/** 'file.csv: line 12, column 'age'': the place of a value. */
export function placeOf(table: Table, row: number, column: number): string {
  const file = table.files ? `${table.files.names[table.files.of[row]!]}: ` : '';
  return `${file}${table.unit} ${table.lineOf(row)}, column '${table.columnNames[column]}'`;
}

/**
 * Throws ERR_DATA_MISSING where there is no file, and ERR_DATA_FORMAT with the line where the fault is. `leastRows`: fewer rows of values
 * are refused.
 */
export function readTable(path: string, header: Header, delimiter: string, leastRows = 2): CsvTable {
  if (path === '')
    throw new GradswarmError('ERR_DATA_MISSING', `data set 'csv-table': set 'path' to the CSV file to read`);
  if (!existsSync(path)) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a CSV file, there is none`);
  const records = parsed(path, readFileSync(path), delimiter);
  const first = records[0];
  if (!first) throw wrong(path, 'expected rows, got an empty file');
  const { hasHeader, why } = headerDecision(path, records, header);
  const body = hasHeader ? records.slice(1) : records;
  if (body.length < leastRows)
    throw wrong(
      path,
      `expected at least ${leastRows} ${leastRows === 1 ? 'row' : 'rows'} of values, got ${body.length}`,
    );
  const columnNames = hasHeader ? first.cells : first.cells.map((_, i) => String(i));
  if (hasHeader) checkNames(path, first);
  const rows = body.map(({ cells }) => cells);
  return {
    path,
    unit: 'line',
    columnNames,
    rows,
    rowCount: rows.length,
    parts: [{ rowCount: rows.length, column: (index) => rows.map((row) => row[index]!) }],
    lineOf: (row) => body[row]!.line,
    decisions: [`header: ${hasHeader ? `line ${first.line}` : 'none, columns are counted from 0'} (${why})`],
  };
}

function parsed(path: string, bytes: Buffer, delimiter: string): readonly Row[] {
  const rows: Row[] = [];
  // `lines` counts the lines read so far: a row ends there, and began as many lines earlier as its cells have breaks.
  const keep = (cells: string[], { lines }: { readonly lines: number }): null => {
    const breaks = cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
    rows.push({ cells: cells.map((cell) => cell.trim()), line: lines - breaks });
    return null;
  };
  try {
    parse(bytes, { bom: true, delimiter, skip_empty_lines: true, trim: true, on_record: keep });
  } catch (error) {
    throw wrong(path, explained(error as Error, rows, bytes));
  }
  return rows;
}

/** The parser's error, with the line on which the row that it could not read begins. */
function explained(error: Error, rows: readonly Row[], bytes: Buffer): string {
  if (!(error instanceof CsvError)) return error.message;
  const last = rows.at(-1);
  const start = last ? nextLine(bytes, last) : 1;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED')
    return `line ${openingQuote(bytes, start)}: a quote is opened and never closed`;
  if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH' || error.code === 'CSV_RECORD_INCONSISTENT_COLUMNS') {
    const { record } = error as unknown as { readonly record?: readonly string[] };
    const expected = rows[0]?.cells.length ?? 0;
    return `line ${start}: expected ${expected} values as in line ${rows[0]?.line}, got ${record?.length ?? 'another number'}`;
  }
  return `line ${start}: ${error.message}`;
}

/** Line after a row, empty lines skipped. */
function nextLine(bytes: Buffer, { cells, line }: Row): number {
  const lines = bytes.toString('utf8').split(/\r\n|\r|\n/);
  const breaks = cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
  let next = line + breaks + 1;
  while (next <= lines.length && lines[next - 1]!.trim() === '') next++;
  return next;
}

/** First line from `start` on that has an odd number of quotes. */
function openingQuote(bytes: Buffer, start: number): number {
  const lines = bytes.toString('utf8').split(/\r\n|\r|\n/);
  for (let line = start; line <= lines.length; line++)
    if ((lines[line - 1]!.match(/"/g)?.length ?? 0) % 2 === 1) return line;
  return start;
}

/**
 * A first row of texts above columns of numbers is a header, a first row of the same kinds as the rows below is none. Anything
 * between is refused: the setting decides.
 */
function headerDecision(
  path: string,
  records: readonly Row[],
  header: Header,
): { readonly hasHeader: boolean; readonly why: string } {
  if (header !== 'auto') return { hasHeader: header === 'yes', why: `header: '${header}'` };
  const { cells, line } = records[0]!;
  const below = records.slice(1);
  const doubt = (what: string) =>
    wrong(path, `line ${line}: ${what}; set header: 'yes' if it holds the names of the columns, 'no' if it is a row`);
  const numeric = cells.map((_, c) => below.length > 0 && below.every((row) => isNumber(row.cells[c]!)));
  const names = cells.filter((cell, c) => numeric[c] && !isNumber(cell));
  const numbers = cells.filter(isNumber);
  if (names.length > 0 && numbers.length === 0) return { hasHeader: true, why: 'texts above columns of numbers' };
  if (names.length > 0)
    throw doubt(`'${names[0]}' is above a column of numbers like a name, but '${numbers[0]}' is a number`);
  if (numbers.length === cells.length && countsColumns(cells.map(Number)))
    throw doubt(`${cells.slice(0, 3).join(', ')}${cells.length > 3 ? ', …' : ''} counts the columns like a header`);
  const odd = cells.findIndex((cell, c) => isNumber(cell) && numeric[c] && standsApart(cell, c, below));
  if (odd >= 0) throw doubt(`'${cells[odd]}' is of another kind than the numbers below it`);
  if (numbers.length > 0) return { hasHeader: false, why: 'the first row is of the same types as the others' };
  const repeated = cells.find((cell, c) => below.some((row) => row.cells[c] === cell));
  if (repeated !== undefined) throw doubt(`no column holds numbers, and '${repeated}' is further down as well`);
  return { hasHeader: true, why: 'its texts stand nowhere else in their columns' };
}

/** 0, 1, 2; 1, 2; 2019, 2020, 2021; 10, 20, 30: names of columns, more likely than values. */
function countsColumns(numbers: readonly number[]): boolean {
  const [first = 0, second = 0] = numbers;
  const step = second - first;
  const counts = step !== 0 && numbers.every((number, c) => number === first + c * step);
  return (
    counts && numbers.every(Number.isInteger) && (numbers.length > 2 || (step === 1 && (first === 0 || first === 1)))
  );
}

/** A whole number above fractions, or a value above a few others that all repeat, such as '3' above classes 0 and 1. */
function standsApart(cell: string, column: number, below: readonly Row[]): boolean {
  if (below.length < ENOUGH_ROWS) return false;
  const counts = new Map<number, number>();
  for (const { cells } of below) {
    const value = Number(cells[column]);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const value = Number(cell);
  if (Number.isInteger(value) && ![...counts.keys()].some(Number.isInteger)) return true;
  return counts.size <= FEW_VALUES && !counts.has(value) && [...counts.values()].every((count) => count > 1);
}

function checkNames(path: string, { cells, line }: Row): void {
  const nameless = cells.indexOf('');
  if (nameless >= 0)
    throw wrong(
      path,
      `line ${line}: expected a name for column ${nameless + 1} of ${cells.length}, got an empty cell; name it, or leave the column out of the file`,
    );
  const twice = cells.find((name, i) => cells.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(path, `line ${line}: expected distinct column names, got '${twice}' twice`);
}

import { GradswarmError } from '../../../protocol/errors.js';
import { printable } from '../../../protocol/wire/printable.js';

/** Rows of a table that lie one after the other: a block of a CSV file, or a row group of a Parquet file. */
export interface TablePart {
  readonly rowCount: number;
  /** Few enough rows to be read for a few of them; else they are decoded all at once. */
  readonly isByRow: boolean;
  /** Trimmed texts of a column. What is not in memory is read at each call. */
  column(index: number): readonly string[];
  /** Line of the file on which a row of this part begins, or its number. From 1. */
  lineOf(row: number): number;
}

/** A table of a file, or of the files of a folder, as texts. */
export interface Table {
  readonly path: string;
  readonly columnNames: readonly string[];
  readonly rowCount: number;
  readonly parts: readonly TablePart[];
  /** What `lineOf` of a part counts: lines of a CSV file, rows of a Parquet file. */
  readonly unit: 'line' | 'row';
  /** What was decided while reading, one sentence each. */
  readonly decisions: readonly string[];
  /** Of several files: which one each row is of. */
  readonly files?: { readonly of: Int32Array; readonly names: readonly string[] };
}

/** Part by part, with the number of its first row in the table. */
export function* partsOf({ parts }: Table): Generator<{ readonly part: TablePart; readonly start: number }> {
  let start = 0;
  for (const part of parts) {
    yield { part, start };
    start += part.rowCount;
  }
}

function partAt(table: Table, row: number): { readonly part: TablePart; readonly row: number } {
  for (const { part, start } of partsOf(table)) if (row < start + part.rowCount) return { part, row: row - start };
  throw new RangeError(`row ${row} of ${table.rowCount}`);
}

/** Line on which a row begins, or its number. From 1. */
export function lineOf(table: Table, row: number): number {
  const at = partAt(table, row);
  return at.part.lineOf(at.row);
}

/** One value, for a message. */
export function cellAt(table: Table, row: number, column: number): string {
  const at = partAt(table, row);
  return at.part.column(column)[at.row]!;
}

export function wrong(path: string, message: string): GradswarmError {
  // A cell may hold anything.
  return new GradswarmError('ERR_DATA_FORMAT', `${path}: ${printable(message)}`);
}

/** 'file.csv: line 12, column 'age'': the place of a value. */
export function placeOf(table: Table, row: number, column: number): string {
  const file = table.files ? `${table.files.names[table.files.of[row]!]}: ` : '';
  return `${file}${table.unit} ${lineOf(table, row)}, column '${table.columnNames[column]}'`;
}

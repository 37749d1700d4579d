import { isInfinite, isMissing } from './cells.js';
import { placeOf, type Table, type TablePart, wrong } from './table.js';

/** 'refuse': a value that is missing is an error; 'drop': its row is left out, and how many were is recorded. */
export type MissingRule = 'refuse' | 'drop';

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly text: string;
}

/** The table with every value present. Infinite numbers are never let through. Throws ERR_DATA_FORMAT. */
export function withoutMissing(table: Table, rule: MissingRule): Table {
  const kept: Uint32Array[] = [];
  const dropped: number[] = [];
  let start = 0;
  for (const part of table.parts) {
    const { infinite, missing, incomplete } = faultsOf(table, part, start);
    if (infinite && (rule === 'drop' || !missing || infinite.row <= missing.row))
      throw wrong(
        table.path,
        `${placeOf(table, infinite.row, infinite.column)}: expected a finite number, got '${infinite.text}'`,
      );
    if (missing && rule === 'refuse')
      throw wrong(
        table.path,
        `${placeOf(table, missing.row, missing.column)}: expected a value, got ${missing.text === '' ? 'an empty cell' : `'${missing.text}', which stands for a missing one`}; set missing: 'drop' to leave such rows out`,
      );
    const rows = Uint32Array.from({ length: part.rowCount }, (_, row) => row);
    kept.push(missing ? rows.filter((row) => !incomplete[row]) : rows);
    if (missing) for (const [row, isOut] of incomplete.entries()) if (isOut) dropped.push(start + row);
    start += part.rowCount;
  }
  if (dropped.length === 0) return table;
  const rowCount = table.rowCount - dropped.length;
  if (rowCount < 2)
    throw wrong(table.path, `expected at least 2 rows without missing values, got ${rowCount} of ${table.rowCount}`);
  const original = new Uint32Array(rowCount);
  let [at, first] = [0, 0];
  for (const [p, rows] of kept.entries()) {
    for (const row of rows) original[at++] = first + row;
    first += table.parts[p]!.rowCount;
  }
  const lines = dropped.slice(0, 5).map((row) => table.lineOf(row));
  return {
    ...table,
    rowCount,
    parts: table.parts.map((part, p) => chosenRows(part, kept[p]!)),
    lineOf: (row) => table.lineOf(original[row]!),
    ...(table.files && { files: { ...table.files, of: Int32Array.from(original, (row) => table.files!.of[row]!) } }),
    decisions: [
      ...table.decisions,
      `left out: ${dropped.length} of ${table.rowCount} rows with missing values (${table.unit}s ${lines.join(', ')}${dropped.length > 5 ? ', …' : ''})`,
    ],
  };
}

function chosenRows(part: TablePart, rows: Uint32Array): TablePart {
  if (rows.length === part.rowCount) return part;
  return {
    rowCount: rows.length,
    column(index) {
      const cells = part.column(index);
      return Array.from(rows, (row) => cells[row]!);
    },
  };
}

/** The first infinite and the first missing value, row by row, and the rows that have a missing one. `start`: the part's first row. */
function faultsOf(table: Table, part: TablePart, start: number) {
  let [infinite, missing]: [Cell | null, Cell | null] = [null, null];
  const incomplete = new Uint8Array(part.rowCount);
  for (const column of table.columnNames.keys())
    for (const [at, text] of part.column(column).entries()) {
      const row = start + at;
      if (isInfinite(text) && (!infinite || row < infinite.row)) infinite = { row, column, text };
      else if (isMissing(text)) {
        incomplete[at] = 1;
        if (!missing || row < missing.row) missing = { row, column, text };
      }
    }
  return { infinite, missing, incomplete };
}

import { isInfinite, isMissing } from './cells.js';
import { lineOf, partsOf, placeOf, type Table, type TablePart, wrong } from './table.js';

/** 'refuse': a value that is missing is an error; 'drop': its row is left out, and how many were is recorded. */
export type MissingRule = 'refuse' | 'drop';

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly text: string;
}

/** The table with every value present. Infinite numbers are never let through. Throws ERR_DATA_FORMAT. */
export function withoutMissing(table: Table, rule: MissingRule): Table {
  /** Of each part, its rows without missing values; null: all of them. */
  const kept: (Uint32Array | null)[] = [];
  const dropped: number[] = [];
  for (const { part, start } of partsOf(table)) {
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
    kept.push(missing && Uint32Array.from(incomplete.keys()).filter((row) => !incomplete[row]));
    if (missing) for (const [row, isOut] of incomplete.entries()) if (isOut) dropped.push(start + row);
  }
  if (dropped.length === 0) return table;
  const rowCount = table.rowCount - dropped.length;
  if (rowCount < 2)
    throw wrong(table.path, `expected at least 2 rows without missing values, got ${rowCount} of ${table.rowCount}`);
  const parts = table.parts.map((part, p) => (kept[p] ? chosenRows(part, kept[p]) : part));
  const lines = dropped.slice(0, 5).map((row) => lineOf(table, row));
  return {
    ...table,
    rowCount,
    parts,
    ...(table.files && { files: { ...table.files, of: without(table.files.of, dropped) } }),
    decisions: [
      ...table.decisions,
      `left out: ${dropped.length} of ${table.rowCount} rows with missing values (${table.unit}s ${lines.join(', ')}${dropped.length > 5 ? ', …' : ''})`,
    ],
  };
}

function without(of: Int32Array, left: readonly number[]): Int32Array {
  const isLeft = new Set(left);
  return of.filter((_, row) => !isLeft.has(row));
}

function chosenRows(part: TablePart, rows: Uint32Array): TablePart {
  return {
    rowCount: rows.length,
    isByRow: part.isByRow,
    lineOf: (row) => part.lineOf(rows[row]!),
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

import { isInfinite, isMissing } from './cells.js';
import { placeOf, type Table, wrong } from './table.js';

/** 'refuse': a value that is missing is an error; 'drop': its row is left out, and how many were is recorded. */
export type MissingRule = 'refuse' | 'drop';

/** The table with every value present. Infinite numbers are never let through. Throws ERR_DATA_FORMAT. */
export function withoutMissing(table: Table, rule: MissingRule): Table {
  const kept: number[] = [];
  const dropped: number[] = [];
  for (const [r, row] of table.rows.entries()) {
    const infinite = row.findIndex(isInfinite);
    if (infinite >= 0)
      throw wrong(table.path, `${placeOf(table, r, infinite)}: expected a finite number, got '${row[infinite]}'`);
    const column = row.findIndex(isMissing);
    if (column < 0) {
      kept.push(r);
      continue;
    }
    if (rule === 'refuse')
      throw wrong(
        table.path,
        `${placeOf(table, r, column)}: expected a value, got ${row[column] === '' ? 'an empty cell' : `'${row[column]}', which stands for a missing one`}; set missing: 'drop' to leave such rows out`,
      );
    dropped.push(r);
  }
  if (dropped.length === 0) return table;
  if (kept.length < 2)
    throw wrong(
      table.path,
      `expected at least 2 rows without missing values, got ${kept.length} of ${table.rows.length}`,
    );
  const lines = dropped.slice(0, 5).map((r) => table.lines[r]);
  return {
    ...table,
    rows: kept.map((r) => table.rows[r]!),
    lines: kept.map((r) => table.lines[r]!),
    ...(table.files && { files: { ...table.files, of: kept.map((r) => table.files!.of[r]!) } }),
    decisions: [
      ...table.decisions,
      `left out: ${dropped.length} of ${table.rows.length} rows with missing values (${table.unit}s ${lines.join(', ')}${dropped.length > 5 ? ', …' : ''})`,
    ],
  };
}

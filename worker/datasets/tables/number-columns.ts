import { isNumber } from './cells.js';
import { partsOf, type Table } from './table.js';

/** What a column holds: numbers, or the first row that is none. */
export type NumberColumn = { readonly values: Float64Array } | { readonly bad: number };

/** Several columns in one pass over the parts, each in memory as numbers. */
export function numberColumns(table: Table, columns: readonly number[]): readonly NumberColumn[] {
  const values = columns.map(() => new Float64Array(table.rowCount));
  const bad = columns.map(() => -1);
  for (const { part, start } of partsOf(table))
    for (const [c, column] of columns.entries()) {
      if (bad[c]! >= 0) continue;
      const cells = part.column(column);
      for (let row = 0; row < cells.length; row++) {
        if (!isNumber(cells[row]!)) {
          bad[c] = start + row;
          break;
        }
        values[c]![start + row] = Number(cells[row]);
      }
    }
  return values.map((own, c) => (bad[c]! >= 0 ? { bad: bad[c]! } : { values: own }));
}

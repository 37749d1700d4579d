import type { Table } from './table.js';

/** What a short text in an array takes in memory. */
export const TEXT_BYTES = 40;

/** A table whose columns are read once, until they are forgotten: for what fits in memory as a whole. */
export function keptColumns(table: Table): { readonly table: Table; forget(): void } {
  const parts = table.parts.map((part) => {
    const memory = new Map<number, readonly string[]>();
    let isKept = true;
    return {
      rowCount: part.rowCount,
      isByRow: part.isByRow,
      lineOf: (row: number) => part.lineOf(row),
      column(index: number) {
        const known = memory.get(index);
        if (known) return known;
        const cells = part.column(index);
        if (isKept) memory.set(index, cells);
        return cells;
      },
      forget() {
        isKept = false;
        memory.clear();
      },
    };
  });
  return {
    table: { ...table, parts },
    forget: () => {
      for (const part of parts) part.forget();
    },
  };
}

import { canonicalNumber, canonicalText, isNumber } from './cells.js';
import { type CodedColumn, codedColumn } from './coded-column.js';
import { lineOf, placeOf, type Table, wrong } from './table.js';

/** What becomes of values that are equal but written differently, as 1 and 1.0 or 'Yes' and 'yes'. */
export type SpellingRule = 'refuse' | 'merge' | 'exact';

/** The distinct values of a column of classes, categories or groups. */
export interface Categories {
  /** In order: by value where all are numbers, else by code unit. A merged value has the spelling that comes first in the file. */
  readonly names: readonly string[];
  indexOf(cell: string): number;
  /** Indices of these rows' values. */
  ofRows(rows: Uint32Array): Int32Array;
}

/** Throws ERR_DATA_FORMAT where two spellings of one value occur under 'refuse'. */
export function categoriesOf(
  table: Table,
  column: number,
  spelling: SpellingRule,
  { texts, firstRows, codes }: CodedColumn = codedColumn(table, column),
): Categories {
  const numeric = texts.every(isNumber);
  const keyOf = spelling === 'exact' ? (cell: string) => cell : numeric ? canonicalNumber : canonicalText;
  const spelt = new Map<string, { readonly cell: string; readonly row: number }>();
  for (const [i, cell] of texts.entries()) {
    const key = keyOf(cell);
    const row = firstRows[i]!;
    const before = spelt.get(key);
    if (!before) spelt.set(key, { cell, row });
    else if (spelling === 'refuse' && before.cell !== cell)
      throw wrong(
        table.path,
        `${placeOf(table, row, column)}: '${cell}' and '${before.cell}' of ${table.unit} ${lineOf(table, before.row)} are one value written in two ways; set spelling: 'merge' to make them one, 'exact' to keep them apart`,
      );
  }
  const byValue = (a: string, b: string) => Number(a) - Number(b) || (a < b ? -1 : 1);
  const byUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const names = [...spelt.values()].map(({ cell }) => cell).sort(numeric ? byValue : byUnit);
  const index = new Map(names.map((name, i) => [keyOf(name), i]));
  const indexOf = (cell: string) => index.get(keyOf(cell))!;
  const ofTexts = Int32Array.from(texts, indexOf);
  return { names, indexOf, ofRows: (rows) => Int32Array.from(rows, (row) => ofTexts[codes[row]!]!) };
}

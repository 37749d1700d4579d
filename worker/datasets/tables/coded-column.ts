import { partsOf, type Table } from './table.js';

/** A column of texts: each once, with the first row that holds it, and for each row which one it holds. */
export interface CodedColumn {
  readonly texts: readonly string[];
  readonly firstRows: readonly number[];
  /** Index into `texts` of each row. */
  readonly codes: Int32Array;
}

/** Reads the column part by part: texts that occur often take four bytes each. */
export function codedColumn(table: Table, column: number): CodedColumn {
  const texts: string[] = [];
  const firstRows: number[] = [];
  const codes = new Int32Array(table.rowCount);
  const known = new Map<string, number>();
  for (const { part, start } of partsOf(table))
    for (const [row, text] of part.column(column).entries()) {
      let code = known.get(text);
      if (code === undefined) {
        code = texts.length;
        const own = copied(text);
        known.set(own, code);
        texts.push(own);
        firstRows.push(start + row);
      }
      codes[start + row] = code;
    }
  return { texts, firstRows, codes };
}

/** A piece of a longer text would keep the whole of it in memory. */
function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

import { createRequire } from 'node:module';
import type * as package_ from 'csv-parse/sync';

/** Cells of the lines of a table. csv-parse is read at first use: what only writes a table does not wait for it. */
export function csvLines(
  text: string,
  options: Pick<package_.Options, 'fromLine' | 'toLine' | 'relaxColumnCount'> = {},
): string[][] {
  if (text === '') return [];
  const { parse } = createRequire(import.meta.url)('csv-parse/sync') as typeof package_;
  return parse(text, options) as string[][];
}

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files/names-in.js';
import { type Table, type TablePart, wrong } from './table.js';

/** Names of the files of a folder that end so, sorted; null where the path is no folder. Throws ERR_DATA_FORMAT where there are none. */
export function filesOf(path: string, ending: string): readonly string[] | null {
  if (!existsSync(path) || !statSync(path).isDirectory()) return null;
  const names = namesIn(path).filter((name) => name.toLowerCase().endsWith(ending));
  if (names.length === 0) throw wrong(path, `expected files that end in ${ending} in the folder, got none`);
  return names;
}

/**
 * One table of all files of a folder, each the rows of an owner. Their columns are the same, in one order. Of a file its parts are kept
 * alone: there may be a million of them.
 */
export class JoinedTable {
  private first: Table | null = null;
  private readonly parts: TablePart[] = [];
  private readonly rowCounts: number[] = [];
  private mismatch: Error | null = null;

  constructor(
    private readonly path: string,
    private readonly names: readonly string[],
  ) {}

  /** The next file. */
  add(table: Table): void {
    this.first ??= table;
    const { columnNames } = this.first;
    if (table.columnNames.join() !== columnNames.join())
      this.mismatch ??= wrong(
        join(this.path, this.names[this.rowCounts.length]!),
        `expected the columns ${columnNames.join(', ')}, as in ${this.names[0]}, got ${table.columnNames.join(', ')}`,
      );
    for (const part of table.parts) this.parts.push(part);
    this.rowCounts.push(table.rowCount);
  }

  /** Throws ERR_DATA_FORMAT with the file whose columns are others. */
  table(): Table {
    if (this.mismatch) throw this.mismatch;
    const { path, names, parts, rowCounts } = this;
    const { columnNames, unit, decisions } = this.first!;
    const of = new Int32Array(rowCounts.reduce((sum, count) => sum + count, 0));
    let at = 0;
    for (const [file, count] of rowCounts.entries()) of.fill(file, at, (at += count));
    return {
      path,
      columnNames,
      rowCount: of.length,
      parts,
      unit,
      decisions: [...decisions, `files: ${names.length}, each of an owner`],
      files: { of, names: names.map((name) => name.slice(0, name.lastIndexOf('.'))) },
    };
  }
}

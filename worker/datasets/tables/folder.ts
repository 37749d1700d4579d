import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Table, wrong } from './table.js';

/** Names of the files of a folder that end so, sorted; null where the path is no folder. Throws ERR_DATA_FORMAT where there are none. */
export function filesOf(path: string, ending: string): readonly string[] | null {
  if (!existsSync(path) || !statSync(path).isDirectory()) return null;
  const names = readdirSync(path)
    .filter((name) => name.toLowerCase().endsWith(ending))
    .sort();
  if (names.length === 0) throw wrong(path, `expected files that end in ${ending} in the folder, got none`);
  return names;
}

/**
 * One table of all files of a folder, each the rows of an owner. Their columns are the same, in one order. Throws ERR_DATA_FORMAT with
 * the file.
 */
export function joinedTable(path: string, names: readonly string[], tables: readonly Table[]): Table {
  const [first] = tables;
  for (const [file, { columnNames }] of tables.entries())
    if (columnNames.join() !== first!.columnNames.join())
      throw wrong(
        join(path, names[file]!),
        `expected the columns ${first!.columnNames.join(', ')}, as in ${names[0]}, got ${columnNames.join(', ')}`,
      );
  const starts = [0];
  for (const { rowCount } of tables) starts.push(starts.at(-1)! + rowCount);
  const rowCount = starts.at(-1)!;
  const of = new Int32Array(rowCount);
  for (const file of tables.keys()) of.fill(file, starts[file], starts[file + 1]);
  return {
    path,
    columnNames: first!.columnNames,
    rowCount,
    parts: tables.flatMap(({ parts }) => parts),
    unit: first!.unit,
    lineOf: (row) => tables[of[row]!]!.lineOf(row - starts[of[row]!]!),
    decisions: [...first!.decisions, `files: ${names.length}, each of an owner`],
    files: {
      of,
      names: names.map((name) => name.slice(0, name.lastIndexOf('.'))),
    },
  };
}

import { join } from 'node:path';
import { string } from '../../protocol/settings/kinds.js';
import { memoryMiB } from './files/row-memory.js';
import { defineDataset } from './loader.js';
import { filesOf, JoinedTable } from './tables/folder.js';
import { readParquet } from './tables/parquet.js';
import { tableDataset, tableSettings } from './tables/table-dataset.js';

/** Any Parquet file of plain columns, or a folder of them, from a path that the user names; see `tableDataset`. */
const parquetTable = defineDataset({
  name: 'parquet-table',
  summary: 'A Parquet file from a path, or one a client',
  settings: tableSettings.under({
    path: string('', 'The file, or a folder with one file a client'),
    memoryMiB: memoryMiB(),
  }),
  async load(settings, rng) {
    const { path } = settings;
    const names = filesOf(path, '.parquet');
    const joined = names && new JoinedTable(path, names);
    for (const name of names ?? []) joined!.add(await readParquet(join(path, name), 1));
    const table = joined?.table() ?? (await readParquet(path));
    const source = `Parquet ${table.files ? 'files in' : 'file'} ${path}`;
    return tableDataset('parquet-table', source, table, settings, rng, settings.memoryMiB);
  },
});

export default parquetTable;

import { join } from 'node:path';
import { oneOf, string } from '../../protocol/settings/kinds.js';
import { memoryMiB } from './files/row-memory.js';
import { defineDataset } from './loader.js';
import { readCsv } from './tables/csv-file.js';
import { CsvMemory } from './tables/csv-part.js';
import { filesOf, JoinedTable } from './tables/folder.js';
import { tableDataset, tableSettings } from './tables/table-dataset.js';

/** Any CSV file, or a folder of them, from a path that the user names; see `tableDataset`. */
const csvTable = defineDataset({
  name: 'csv-table',
  summary: 'A CSV file from a path, or one a client',
  settings: tableSettings.under({
    path: string('', 'The file, or a folder with one file a client'),
    header: oneOf(['auto', 'yes', 'no'], 'auto', 'Does the first line hold names of columns?'),
    delimiter: string(',', 'Between columns'),
    memoryMiB: memoryMiB(),
  }),
  load(settings, rng) {
    const { path, header, delimiter } = settings;
    const memory = new CsvMemory(settings.memoryMiB);
    const read = (file: string, leastRows: number) => readCsv(file, { header, delimiter, leastRows, memory });
    const names = filesOf(path, '.csv');
    const joined = names && new JoinedTable(path, names);
    for (const name of names ?? []) joined!.add(read(join(path, name), 1));
    const table = joined?.table() ?? read(path, 2);
    const source = `CSV ${table.files ? 'files in' : 'file'} ${path}`;
    return tableDataset('csv-table', source, table, settings, rng, settings.memoryMiB);
  },
});

export default csvTable;

import { join } from 'node:path';
import { oneOf, string } from '../../protocol/settings/kinds.js';
import { defineDataset } from './loader.js';
import { filesOf, joinedTable } from './tables/folder.js';
import { readTable } from './tables/table.js';
import { tableDataset, tableSettings } from './tables/table-dataset.js';

/** Any CSV file, or a folder of them, from a path that the user names; see `tableDataset`. */
const csvTable = defineDataset({
  name: 'csv-table',
  summary: 'A CSV file from a path, or one a client',
  settings: tableSettings.under({
    path: string('', 'The file, or a folder with one file a client'),
    header: oneOf(['auto', 'yes', 'no'], 'auto', 'Does the first line hold names of columns?'),
    delimiter: string(',', 'Between columns'),
  }),
  load(settings, rng) {
    const { path, header, delimiter } = settings;
    const read = (file: string, leastRows: number) => readTable(file, header, delimiter, leastRows);
    const names = filesOf(path, '.csv');
    const table = names
      ? joinedTable(
          path,
          names,
          names.map((name) => read(join(path, name), 1)),
        )
      : read(path, 2);
    return tableDataset('csv-table', `CSV ${table.files ? 'files in' : 'file'} ${path}`, table, settings, rng);
  },
});

export default csvTable;

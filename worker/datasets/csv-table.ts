import { oneOf, string } from '../../protocol/settings/kinds.js';
import { defineDataset } from './loader.js';
import { readTable } from './tables/table.js';
import { tableDataset, tableSettings } from './tables/table-dataset.js';

/** Any CSV file from a path that the user names; see `tableDataset`. */
const csvTable = defineDataset({
  name: 'csv-table',
  summary: 'A CSV file from a path',
  settings: tableSettings.under({
    path: string('', 'The file'),
    header: oneOf(['auto', 'yes', 'no'], 'auto', 'Does the first line hold names of columns?'),
    delimiter: string(',', 'Between columns'),
  }),
  load: (settings, rng) =>
    tableDataset(
      'csv-table',
      `CSV file ${settings.path}`,
      readTable(settings.path, settings.header, settings.delimiter),
      settings,
      rng,
    ),
});

export default csvTable;

import { string } from '../../protocol/settings/kinds.js';
import { defineDataset } from './loader.js';
import { readParquet } from './tables/parquet.js';
import { tableDataset, tableSettings } from './tables/table-dataset.js';

/** Any Parquet file of plain columns from a path that the user names; see `tableDataset`. */
const parquetTable = defineDataset({
  name: 'parquet-table',
  summary: 'A Parquet file from a path',
  settings: tableSettings.under({ path: string('', 'The file') }),
  load: async (settings, rng) =>
    tableDataset('parquet-table', `Parquet file ${settings.path}`, await readParquet(settings.path), settings, rng),
});

export default parquetTable;

import { categoriesOf } from './csv/categories.js';
import { featuresOf, requireColumns } from './csv/features.js';
import { withoutMissing } from './csv/missing.js';
import { splitRows } from './csv/split.js';
import { readTable, type Table, wrong } from './csv/table.js';
import { targetOf } from './csv/target.js';
import type { Dataset, Examples } from './dataset.js';
import { datasetLoader } from './loader.js';
import { checkChoice, checkRange } from './settings.js';

/** By name, as 'last', or as an index counted from 0 where no column has that name. */
function columnIndex(table: Table, setting: string, wanted: string): number {
  const byName = table.columnNames.indexOf(wanted);
  if (byName >= 0) return byName;
  if (wanted === 'last') return table.columnNames.length - 1;
  const index = /^\d+$/.test(wanted) ? Number(wanted) : -1;
  if (index >= 0 && index < table.columnNames.length) return index;
  throw wrong(
    table.path,
    `${setting}: expected a column name, 'last' or an index below ${table.columnNames.length}, got '${wanted}'; columns: ${table.columnNames.join(', ')}`,
  );
}

/**
 * Any CSV file from a path that the user names. Nothing is guessed in silence: what was decided is in `Dataset.decisions`, and what
 * is doubtful is refused with its line, column and the setting that decides. `target`, `groupColumn`: a name, 'last' or an index
 * from 0; '' for no group column. Standardisation (number features only; never categories or targets) uses the training rows'
 * moments. Categories of one-hot columns come from all rows.
 */
export const csvTable = datasetLoader(
  'csv-table',
  {
    path: '',
    target: 'last',
    task: 'classification' as 'classification' | 'regression',
    header: 'auto' as 'auto' | 'yes' | 'no',
    delimiter: ',',
    categorical: 'refuse' as 'refuse' | 'one-hot',
    missing: 'refuse' as 'refuse' | 'drop',
    spelling: 'refuse' as 'refuse' | 'merge' | 'exact',
    constant: 'refuse' as 'refuse' | 'zero',
    groupColumn: '',
    standardise: true,
    testShare: 0.2,
  },
  (settings, rng): Dataset => {
    const subject = `data set 'csv-table'`;
    checkChoice(subject, 'task', settings.task, ['classification', 'regression']);
    checkChoice(subject, 'header', settings.header, ['auto', 'yes', 'no']);
    checkChoice(subject, 'categorical', settings.categorical, ['refuse', 'one-hot']);
    checkChoice(subject, 'missing', settings.missing, ['refuse', 'drop']);
    checkChoice(subject, 'spelling', settings.spelling, ['refuse', 'merge', 'exact']);
    checkChoice(subject, 'constant', settings.constant, ['refuse', 'zero']);
    checkRange(subject, 'testShare', settings.testShare, 0, 1);
    const table = withoutMissing(readTable(settings.path, settings.header, settings.delimiter), settings.missing);
    const targetColumn = columnIndex(table, 'target', settings.target);
    const groupColumn = settings.groupColumn === '' ? -1 : columnIndex(table, 'groupColumn', settings.groupColumn);
    if (groupColumn === targetColumn)
      throw wrong(
        table.path,
        `groupColumn: expected another column than the target, got '${table.columnNames[targetColumn]}' for both`,
      );
    const columns = table.columnNames.flatMap((_, c) => (c === targetColumn || c === groupColumn ? [] : [c]));
    requireColumns(table, columns);
    const target = targetOf(table, targetColumn, settings.task, settings.spelling);
    const rows = splitRows(table, settings.testShare, rng.derive('split'));
    const features = featuresOf(table, columns, rows.train, settings);
    const examples = (chosen: Uint32Array): Examples => ({
      count: chosen.length,
      features: features.build(chosen),
      labels: target.labels(chosen),
      targets: target.targets(chosen),
    });
    const groups = groupColumn < 0 ? null : categoriesOf(table, groupColumn, settings.spelling);
    return {
      name: 'csv-table',
      source: `CSV file ${settings.path}, target column '${table.columnNames[targetColumn]}'`,
      decisions: [
        ...table.decisions,
        ...target.decisions,
        ...(groups ? [`groups: '${table.columnNames[groupColumn]}', ${groups.names.length} of them`] : []),
        ...features.decisions,
        `split: ${rows.train.length} rows to train, ${rows.test.length} to test, by the seed`,
      ],
      featureShape: [features.width],
      classCount: target.classNames.length,
      classNames: target.classNames,
      train: examples(rows.train),
      test: examples(rows.test),
      ...(groups && { groups: Int32Array.from(rows.train, (r) => groups.indexOf(r)), groupNames: groups.names }),
    };
  },
);

import type { Rng } from '../../../protocol/method.js';
import { flag, oneOf, probability, string } from '../../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import type { Dataset } from '../dataset.js';
import { FileRows } from '../files/file-rows.js';
import { RowMemory } from '../files/row-memory.js';
import { categoriesOf } from './categories.js';
import { featuresOf, otherDelimiter, requireColumns } from './features.js';
import { keptColumns, TEXT_BYTES } from './kept-columns.js';
import { withoutMissing } from './missing.js';
import { splitRows } from './split.js';
import { type Table, wrong } from './table.js';
import { targetOf } from './target.js';

const MIB = 2 ** 20;

/** What a number of a column takes while it is checked. */
const NUMBER_BYTES = 8;

/** Settings of a table of any format. */
export const tableSettings = defineSettings({
  target: string('last', "Column of the target: its name, 'last' or an index from 0"),
  task: oneOf(['classification', 'regression'], 'classification', 'What the target is'),
  categorical: oneOf(['refuse', 'one-hot'], 'refuse', 'Columns of words'),
  missing: oneOf(['refuse', 'drop'], 'refuse', 'Rows with missing values'),
  spelling: oneOf(['refuse', 'merge', 'exact'], 'refuse', 'One value in two spellings'),
  constant: oneOf(['refuse', 'zero'], 'refuse', 'A column that is constant in the training rows'),
  groupColumn: string(
    '',
    "Column of natural owners, for the partition 'by-group'; empty: none, or the files of a folder",
  ),
  standardise: flag(true, 'Number features get mean 0 and standard deviation 1 over the training rows'),
  testShare: probability(0.2, 'Share of the rows that is held out'),
});

/**
 * A table as examples. Nothing is guessed in silence: what was decided is in `Dataset.decisions`, and what is doubtful is refused
 * with its place and the setting that decides. Standardisation (number features only; never categories or targets) uses the
 * training rows' moments. Categories of one-hot columns come from all rows. `source`: of the data, before its target column.
 * `memoryMiB`: features that need more are built part by part as clients compute.
 */
export function tableDataset(
  name: string,
  source: string,
  given: Table,
  settings: SettingsOf<typeof tableSettings>,
  rng: Rng,
  memoryMiB: number,
): Dataset {
  const isSmall = TEXT_BYTES * given.rowCount * given.columnNames.length <= memoryMiB * MIB;
  const kept = isSmall ? keptColumns(given) : null;
  const table = withoutMissing(kept?.table ?? given, settings.missing);
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
  const atOnce = isSmall
    ? columns.length
    : Math.max(1, Math.floor((memoryMiB * MIB) / (NUMBER_BYTES * table.rowCount)));
  const features = featuresOf(table, columns, rows.train, settings, atOnce);
  const featureRows = new FileRows(
    features.width,
    table.parts.map(({ rowCount, isByRow }) => ({ rows: rowCount, isByRow })),
    (part, from, to) => features.build(table.parts[part]!, from, to),
  );
  const memory = new RowMemory(memoryMiB, [featureRows]);
  if (memory.isStored) {
    kept?.forget();
    requireSmallParts(table, features.width, memoryMiB);
  }
  const answers = (chosen: Uint32Array) => ({ labels: target.labels(chosen), targets: target.targets(chosen) });
  const groups = groupColumn < 0 ? null : categoriesOf(table, groupColumn, settings.spelling);
  return {
    name,
    source: `${source}, target column '${table.columnNames[targetColumn]}'`,
    decisions: [
      ...table.decisions,
      ...target.decisions,
      ...(groups ? [`groups: '${table.columnNames[groupColumn]}', ${groups.names.length} of them`] : []),
      ...features.decisions,
      `split: ${rows.train.length} rows to train, ${rows.test.length} to test, by the seed`,
      ...memory.decisions(`${table.parts.length} ${table.parts.length === 1 ? 'part' : 'parts'}`),
    ],
    featureShape: [features.width],
    classCount: target.classNames.length,
    classNames: target.classNames,
    ...memory.split(featureRows, rows, { train: answers(rows.train), test: answers(rows.test) }),
    ...(groups && { groups: groups.ofRows(rows.train), groupNames: groups.names }),
    ...(!groups &&
      table.files && {
        groups: Int32Array.from(rows.train, (r) => table.files!.of[r]!),
        groupNames: table.files.names,
      }),
  };
}

/** Row groups can only be read whole. */
function requireSmallParts({ path, parts }: Table, width: number, memoryMiB: number): void {
  const largest = parts.reduce(
    (most, { rowCount, isByRow }) => (isByRow ? most : Math.max(most, 4 * rowCount * width)),
    0,
  );
  if (largest > memoryMiB * MIB)
    throw wrong(
      path,
      `expected row groups of at most memoryMiB = ${memoryMiB} of features, got one of ${Math.ceil(largest / MIB)} MiB; write the file with fewer rows a group, or raise memoryMiB`,
    );
}

/** By name, as 'last', or as an index counted from 0 where no column has that name. */
function columnIndex(table: Table, setting: string, wanted: string): number {
  const byName = table.columnNames.indexOf(wanted);
  if (byName >= 0) return byName;
  if (wanted === 'last') return table.columnNames.length - 1;
  const index = /^\d+$/.test(wanted) ? Number(wanted) : -1;
  if (index >= 0 && index < table.columnNames.length) return index;
  throw wrong(
    table.path,
    `${setting}: expected a column name, 'last' or an index below ${table.columnNames.length}, got '${wanted}'; columns: ${table.columnNames.join(', ')}${otherDelimiter(table)}`,
  );
}

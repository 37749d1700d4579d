import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { GradswarmError } from '../../protocol/errors.js';
import type { Rng } from '../../protocol/method.js';
import { type Dataset, type Examples, NO_LABELS, NO_TARGETS } from './dataset.js';
import { datasetLoader } from './loader.js';
import { checkChoice, checkRange } from './settings.js';

const MOST_CATEGORIES = 1_000;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

interface Table {
  readonly path: string;
  readonly columnNames: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Line-like number of the first row, for messages. */
  readonly firstRow: number;
}

/** A feature column as it will stand in the examples: one number column, or one 0/1 column a category. */
interface FeatureColumn {
  readonly width: number;
  readonly numeric: boolean;
  valueInto(row: number, into: Float64Array, offset: number): void;
}

function wrong(path: string, message: string): GradswarmError {
  return new GradswarmError('ERR_DATA_FORMAT', `${path}: ${message}`);
}

function readTable(path: string, header: string, delimiter: string): Table {
  if (path === '')
    throw new GradswarmError('ERR_DATA_MISSING', `data set 'csv-table': set 'path' to the CSV file to read`);
  if (!existsSync(path)) throw new GradswarmError('ERR_DATA_MISSING', `${path}: expected a CSV file, there is none`);
  let records: string[][];
  try {
    records = parse(readFileSync(path), { bom: true, delimiter, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw new GradswarmError('ERR_DATA_FORMAT', `${path}: ${(cause as Error).message}`, { cause });
  }
  const first = records[0];
  if (!first) throw wrong(path, 'expected rows, got an empty file');
  const hasHeader = header === 'yes' || (header === 'auto' && !first.some((cell) => NUMBER.test(cell)));
  const columnNames = hasHeader ? first : first.map((_, i) => String(i));
  const twice = columnNames.find((name, i) => columnNames.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(path, `expected distinct column names, got '${twice}' twice`);
  const rows = hasHeader ? records.slice(1) : records;
  if (rows.length < 2) throw wrong(path, `expected at least 2 rows of values, got ${rows.length}`);
  return { path, columnNames, rows, firstRow: hasHeader ? 2 : 1 };
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
    `${setting}: expected a column name, 'last' or an index below ${table.columnNames.length}, got '${wanted}'; columns: ${table.columnNames.join(', ')}`,
  );
}

/** Distinct values of a column: by number where all are numbers, else by code unit. */
function sortedValues(table: Table, column: number): string[] {
  const values = [...new Set(table.rows.map((row) => row[column]!))];
  if (values.every((value) => NUMBER.test(value))) return values.sort((a, b) => Number(a) - Number(b));
  return values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function indexOf(values: readonly string[]): Map<string, number> {
  return new Map(values.map((value, i) => [value, i]));
}

function refuseEmptyCells(table: Table): void {
  for (let r = 0; r < table.rows.length; r++) {
    const c = table.rows[r]!.indexOf('');
    if (c >= 0)
      throw wrong(
        table.path,
        `record ${r + table.firstRow}, column '${table.columnNames[c]}': expected a value, got an empty cell; fill or remove rows with missing values`,
      );
  }
}

function featureColumn(table: Table, column: number, categorical: string): FeatureColumn {
  const bad = table.rows.findIndex((row) => !NUMBER.test(row[column]!));
  if (bad < 0)
    return {
      width: 1,
      numeric: true,
      valueInto: (row, into, offset) => {
        into[offset] = Number(table.rows[row]![column]);
      },
    };
  const where = `column '${table.columnNames[column]}'`;
  if (categorical === 'refuse')
    throw wrong(
      table.path,
      `record ${bad + table.firstRow}, ${where}: expected a number, got '${table.rows[bad]![column]}'; set categorical: 'one-hot' if it is a column of categories`,
    );
  const values = sortedValues(table, column);
  if (values.length > MOST_CATEGORIES)
    throw wrong(table.path, `${where}: expected at most ${MOST_CATEGORIES} categories, got ${values.length}`);
  const indices = indexOf(values);
  return {
    width: values.length,
    numeric: false,
    valueInto: (row, into, offset) => {
      into[offset + indices.get(table.rows[row]![column]!)!] = 1;
    },
  };
}

/** Per-column (mean, standard deviation with divisor n) of the training rows; (0, 1) for categories, stddev 1 if constant. */
function trainMoments(rows: Uint32Array, columns: readonly FeatureColumn[]): { mean: number; stddev: number }[] {
  const cell = new Float64Array(1);
  return columns.map((column) => {
    if (!column.numeric) return { mean: 0, stddev: 1 };
    let sum = 0;
    let squares = 0;
    for (const row of rows) {
      column.valueInto(row, cell, 0);
      sum += cell[0]!;
    }
    const mean = sum / rows.length;
    for (const row of rows) {
      column.valueInto(row, cell, 0);
      squares += (cell[0]! - mean) ** 2;
    }
    return { mean, stddev: Math.sqrt(squares / rows.length) || 1 };
  });
}

function buildFeatures(
  rows: Uint32Array,
  columns: readonly FeatureColumn[],
  moments: readonly { mean: number; stddev: number }[],
): Float32Array {
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const values = new Float64Array(rows.length * width);
  let offset = 0;
  for (const row of rows)
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c]!;
      column.valueInto(row, values, offset);
      const { mean, stddev } = moments[c]!;
      if (column.numeric) values[offset] = (values[offset]! - mean) / stddev;
      offset += column.width;
    }
  return Float32Array.from(values);
}

/** Seeded split without replacement; both parts keep the order of the file. */
function splitRows(count: number, testShare: number, rng: Rng): { train: Uint32Array; test: Uint32Array } {
  const testCount = Math.min(count - 1, Math.max(1, Math.floor(testShare * count + 0.5)));
  const order = rng.permutation(count);
  return { test: order.slice(0, testCount).sort(), train: order.slice(testCount).sort() };
}

/** The target column as class indices (sorted distinct values) or as numbers. */
function readTarget(table: Table, column: number, task: string) {
  if (task === 'classification') {
    const classNames = sortedValues(table, column);
    const indices = indexOf(classNames);
    return {
      classNames,
      labels: (rows: Uint32Array) => Int32Array.from(rows, (r) => indices.get(table.rows[r]![column]!)!),
      targets: () => NO_TARGETS,
    };
  }
  const bad = table.rows.findIndex((row) => !NUMBER.test(row[column]!));
  if (bad >= 0)
    throw wrong(
      table.path,
      `record ${bad + table.firstRow}, target column '${table.columnNames[column]}': expected a number, got '${table.rows[bad]![column]}'; set task: 'classification' for labels`,
    );
  return {
    classNames: [],
    labels: () => NO_LABELS,
    targets: (rows: Uint32Array) => Float64Array.from(rows, (r) => Number(table.rows[r]![column])),
  };
}

/**
 * Any CSV file from a path that the user names. `header` 'auto': the first record is a header if none of its cells is a
 * number. `target`, `groupColumn`: a name, 'last' or an index from 0; '' for no group column. Standardisation (numeric
 * features only; never categories or targets) uses the training rows' moments. Categories of one-hot columns come from all
 * rows.
 */
export const csvTable = datasetLoader(
  'csv-table',
  {
    path: '',
    target: 'last',
    task: 'classification',
    header: 'auto',
    delimiter: ',',
    categorical: 'refuse',
    groupColumn: '',
    standardise: true,
    testShare: 0.2,
  },
  (settings, rng): Dataset => {
    const subject = `data set 'csv-table'`;
    checkChoice(subject, 'task', settings.task, ['classification', 'regression']);
    checkChoice(subject, 'header', settings.header, ['auto', 'yes', 'no']);
    checkChoice(subject, 'categorical', settings.categorical, ['refuse', 'one-hot']);
    checkRange(subject, 'testShare', settings.testShare, 0, 1);
    const table = readTable(settings.path, settings.header, settings.delimiter);
    refuseEmptyCells(table);
    const targetColumn = columnIndex(table, 'target', settings.target);
    const groupColumn = settings.groupColumn === '' ? -1 : columnIndex(table, 'groupColumn', settings.groupColumn);
    const columns = table.columnNames
      .map((_, c) => c)
      .filter((c) => c !== targetColumn && c !== groupColumn)
      .map((c) => featureColumn(table, c, settings.categorical));
    if (columns.length === 0) throw wrong(table.path, 'expected at least one feature column, got none');
    const target = readTarget(table, targetColumn, settings.task);
    const rows = splitRows(table.rows.length, settings.testShare, rng.derive('split'));
    const moments = settings.standardise
      ? trainMoments(rows.train, columns)
      : columns.map(() => ({ mean: 0, stddev: 1 }));
    const examples = (chosen: Uint32Array): Examples => ({
      count: chosen.length,
      features: buildFeatures(chosen, columns, moments),
      labels: target.labels(chosen),
      targets: target.targets(chosen),
    });
    const dataset: Dataset = {
      name: 'csv-table',
      source: `CSV file ${settings.path}, target column '${table.columnNames[targetColumn]}'`,
      featureShape: [columns.reduce((sum, column) => sum + column.width, 0)],
      classCount: target.classNames.length,
      classNames: target.classNames,
      train: examples(rows.train),
      test: examples(rows.test),
    };
    if (groupColumn < 0) return dataset;
    const groupNames = sortedValues(table, groupColumn);
    const groupOf = indexOf(groupNames);
    const groups = Int32Array.from(rows.train, (r) => groupOf.get(table.rows[r]![groupColumn]!)!);
    return { ...dataset, groups, groupNames };
  },
);

import { type Categories, categoriesOf, type SpellingRule } from './categories.js';
import { isNumber } from './cells.js';
import { placeOf, type Table, wrong } from './table.js';

const MOST_CATEGORIES = 1_000;

/** Standard deviation below this share of the largest value is rounding: the column is constant. */
const ROUNDING = 1e-12;

/** Share of distinct numbers that may fall together in float32 before that is taken for a loss. */
const MOST_COLLISIONS = 0.1;

export interface FeatureRules {
  readonly categorical: 'refuse' | 'one-hot';
  readonly spelling: SpellingRule;
  /** Of a number column that is constant among the training rows but not among all. */
  readonly constant: 'refuse' | 'zero';
  readonly standardise: boolean;
}

/** A column of the examples: one number, or one 0/1 number a category. */
interface FeatureColumn {
  readonly column: number;
  /** null: a column of numbers. */
  readonly categories: Categories | null;
  readonly width: number;
}

export interface Features {
  readonly width: number;
  readonly decisions: readonly string[];
  /** Row after row of the examples, float32. */
  build(rows: Uint32Array): Float32Array;
}

/** `train`: rows whose moments standardise number columns. Throws ERR_DATA_FORMAT: line, column, expected, got, the setting. */
export function featuresOf(
  table: Table,
  columns: readonly number[],
  train: Uint32Array,
  rules: FeatureRules,
): Features {
  const made = columns.map((column) => featureColumn(table, column, rules));
  const numbers = made.filter(({ categories }) => categories === null);
  const scales = made.map(({ column, categories }) =>
    categories || !rules.standardise ? { mean: 0, stddev: 1 } : scaleOf(table, column, train, rules.constant),
  );
  const width = made.reduce((sum, { width: own }) => sum + own, 0);
  const features: Features = {
    width,
    decisions: [
      `features: ${list(
        numbers.map(({ column }) => table.columnNames[column]!),
        'number',
      )}`,
      ...made.flatMap(({ column, categories }) =>
        categories
          ? [
              `one-hot: '${table.columnNames[column]}' as ${categories.names.length} columns (${some(categories.names)})`,
            ]
          : [],
      ),
      ...constantColumns(
        table,
        numbers.map(({ column }) => column),
      ),
      rules.standardise
        ? `scaled: number columns to mean 0 and standard deviation 1 of the ${train.length} training rows`
        : 'scaled: no',
    ],
    build(rows) {
      const values = new Float64Array(rows.length * width);
      let offset = 0;
      for (const row of rows)
        for (const [c, { column, categories, width: own }] of made.entries()) {
          const { mean, stddev } = scales[c]!;
          if (categories) values[offset + categories.indexOf(row)] = 1;
          else values[offset] = (Number(table.rows[row]![column]) - mean) / stddev;
          offset += own;
        }
      return Float32Array.from(values);
    },
  };
  for (const [c, { column, categories }] of made.entries())
    if (!categories) requirePrecision(table, column, scales[c]!, rules.standardise);
  return features;
}

function featureColumn(table: Table, column: number, { categorical, spelling }: FeatureRules): FeatureColumn {
  const bad = table.rows.findIndex((row) => !isNumber(row[column]!));
  if (bad < 0) return { column, categories: null, width: 1 };
  const cell = table.rows[bad]![column]!;
  const numbers = table.rows.filter((row) => isNumber(row[column]!)).length;
  if (categorical === 'refuse')
    throw wrong(
      table.path,
      `${placeOf(table, bad, column)}: expected a number, got '${cell}'; set categorical: 'one-hot' if it is a column of categories`,
    );
  // A few texts among numbers are mistakes, not categories.
  if (numbers > table.rows.length / 2)
    throw wrong(
      table.path,
      `${placeOf(table, bad, column)}: expected a number as in ${numbers} of ${table.rows.length} rows, got '${cell}'; correct it, or leave the column out of the file`,
    );
  const categories = categoriesOf(table, column, spelling);
  if (categories.names.length > MOST_CATEGORIES)
    throw wrong(
      table.path,
      `column '${table.columnNames[column]}': expected at most ${MOST_CATEGORIES} categories, got ${categories.names.length}`,
    );
  return { column, categories, width: categories.names.length };
}

function spreadOf(
  table: Table,
  column: number,
  rows: Uint32Array,
): { readonly mean: number; readonly stddev: number; readonly largest: number } {
  let count = 0;
  let sum = 0;
  let largest = 0;
  for (const row of rows) {
    const value = Number(table.rows[row]![column]);
    sum += value;
    largest = Math.max(largest, Math.abs(value));
    count++;
  }
  const mean = sum / count;
  let squares = 0;
  for (const row of rows) squares += (Number(table.rows[row]![column]) - mean) ** 2;
  return { mean, stddev: Math.sqrt(squares / count), largest };
}

/** Mean and standard deviation (divisor n) of the training rows; deviation 1 where they are constant up to rounding. */
function scaleOf(
  table: Table,
  column: number,
  train: Uint32Array,
  rule: FeatureRules['constant'],
): { readonly mean: number; readonly stddev: number } {
  const { mean, stddev, largest } = spreadOf(table, column, train);
  if (stddev > ROUNDING * largest) return { mean, stddev };
  // The value itself, not its mean: a rounding error of the mean would be all that is left of it.
  const value = Number(table.rows[train[0]!]![column]);
  const other = table.rows.findIndex(
    (row) => Math.abs(Number(row[column]) - value) > ROUNDING * Math.max(largest, Math.abs(Number(row[column]))),
  );
  if (other >= 0 && rule === 'refuse')
    throw wrong(
      table.path,
      `${placeOf(table, other, column)}: '${table.rows[other]![column]}' differs from ${value}, which all training rows hold, so that the column cannot be scaled; set constant: 'zero' to leave such columns unscaled, standardise: false, or another testShare`,
    );
  return { mean: value, stddev: 1 };
}

function constantColumns(table: Table, columns: readonly number[]): readonly string[] {
  const constant = columns.filter((column) => {
    const { stddev, largest } = spreadOf(table, column, Uint32Array.from(table.rows.keys()));
    return stddev <= ROUNDING * largest;
  });
  return constant.length === 0
    ? []
    : [`constant, and so without effect: ${some(constant.map((c) => table.columnNames[c]!))}`];
}

/** Refuses numbers that float32 cannot represent or cannot distinguish once they are scaled. */
function requirePrecision(
  table: Table,
  column: number,
  { mean, stddev }: { readonly mean: number; readonly stddev: number },
  isScaled: boolean,
): void {
  const exact = new Set<number>();
  const single = new Map<number, number>();
  let clash: readonly [number, number] | null = null;
  for (const [r, row] of table.rows.entries()) {
    const value = Number(row[column]);
    const scaled = Math.fround((value - mean) / stddev);
    if (!Number.isFinite(scaled))
      throw wrong(
        table.path,
        `${placeOf(table, r, column)}: expected a number within 3.4e38, got '${row[column]}'; scale the column`,
      );
    if (exact.has(value)) continue;
    exact.add(value);
    const before = single.get(scaled);
    if (before === undefined) single.set(scaled, r);
    else clash ??= [before, r];
  }
  if (clash === null || exact.size - single.size <= MOST_COLLISIONS * exact.size) return;
  const [a, b] = clash;
  const same = `'${table.rows[b]![column]}' and '${table.rows[a]![column]}' of ${table.unit} ${table.lines[a]} are the same number in 32 bits, as are ${exact.size - single.size} of ${exact.size} values`;
  const remedy = isScaled
    ? `the column is scaled by its largest value, ${farthest(table, column, mean)}; correct that value`
    : 'subtract a constant from the column, set standardise: true';
  throw wrong(table.path, `${placeOf(table, b, column)}: ${same}; ${remedy}, or leave the column out`);
}

/** The value that is farthest from the mean, and where it stands. */
function farthest(table: Table, column: number, mean: number): string {
  const distance = (row: number) => Math.abs(Number(table.rows[row]![column]) - mean);
  let far = 0;
  for (const row of table.rows.keys()) if (distance(row) > distance(far)) far = row;
  return `'${table.rows[far]![column]}' of ${table.unit} ${table.lines[far]}`;
}

/** Throws ERR_DATA_FORMAT where target and groups take all columns, as they do when the delimiter is another one. */
export function requireColumns(table: Table, columns: readonly number[]): void {
  if (columns.length > 0) return;
  const names = table.columnNames.join(', ');
  throw wrong(
    table.path,
    `expected at least one feature column, got the columns ${names} alone${otherDelimiter(table)}`,
  );
}

function otherDelimiter(table: Table): string {
  const found = [';', '\t', '|'].find((sign) => table.columnNames.join().includes(sign));
  return found === undefined ? '' : `; line 1 holds '${found === '\t' ? '\\t' : found}': set delimiter`;
}

/** The first names of a list, and how many more there are. */
export function some(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}

function list(names: readonly string[], what: string): string {
  return `${names.length} ${what} ${names.length === 1 ? 'column' : 'columns'}${names.length > 0 ? ` (${some(names)})` : ''}`;
}

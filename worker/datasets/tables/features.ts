import { type Categories, categoriesOf, type SpellingRule } from './categories.js';
import { isNumber } from './cells.js';
import { numberColumns } from './number-columns.js';
import { cellAt, lineOf, partsOf, placeOf, type Table, type TablePart, wrong } from './table.js';

const MOST_CATEGORIES = 1_000;

/** Standard deviation below this share of the largest value is rounding: the column is constant. */
const ROUNDING = 1e-12;

/** Share of distinct numbers that may fall together in float32 before that is taken for a loss. */
const MOST_COLLISIONS = 0.1;

export interface FeatureRules {
  readonly categorical: 'refuse' | 'one-hot';
  readonly spelling: SpellingRule;
  /** Of a number column that is constant among the training rows but not among all, or constant up to rounding. */
  readonly constant: 'refuse' | 'zero';
  readonly standardise: boolean;
}

/** A column of the examples: one number, or one 0/1 number a category. */
interface FeatureColumn {
  readonly column: number;
  /** null: a column of numbers. */
  readonly categories: Categories | null;
  readonly width: number;
  readonly mean: number;
  readonly stddev: number;
  /** Constant among all rows, up to rounding. */
  readonly isConstant: boolean;
  /** Is it so, and scaled: 0 in every row. */
  readonly isZero: boolean;
}

export interface Features {
  readonly width: number;
  readonly decisions: readonly string[];
  /** The rows from … to … of a part, one after the other. */
  build(part: TablePart, from: number, to: number): Float32Array;
}

/**
 * `train`: rows whose moments standardise number columns. `atOnce`: columns that are in memory as numbers at a time, each pass over the
 * file. Throws ERR_DATA_FORMAT: line, column, expected, got, the setting.
 */
export function featuresOf(
  table: Table,
  columns: readonly number[],
  train: Uint32Array,
  rules: FeatureRules,
  atOnce: number,
): Features {
  const made: FeatureColumn[] = [];
  for (let at = 0; at < columns.length; at += atOnce) {
    const some = columns.slice(at, at + atOnce);
    for (const [i, read] of numberColumns(table, some).entries())
      made.push(
        'bad' in read
          ? categoryColumn(table, some[i]!, read.bad, rules)
          : numberColumn(table, some[i]!, read.values, train, rules),
      );
  }
  const numbers = made.filter(({ categories }) => categories === null);
  const width = made.reduce((sum, { width: own }) => sum + own, 0);
  return {
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
      ...constantColumns(numbers.flatMap(({ column, isConstant }) => (isConstant ? [table.columnNames[column]!] : []))),
      rules.standardise
        ? `scaled: number columns to mean 0 and standard deviation 1 of the ${train.length} training rows`
        : 'scaled: no',
    ],
    build(part, from, to) {
      const values = new Float32Array((to - from) * width);
      let offset = 0;
      for (const { column, categories, width: own, mean, stddev, isZero } of made) {
        const cells = part.column(column);
        for (let row = from; row < to; row++) {
          const at = (row - from) * width + offset;
          if (categories) values[at + categories.indexOf(cells[row]!)] = 1;
          else if (!isZero) values[at] = (Number(cells[row]) - mean) / stddev;
        }
        offset += own;
      }
      return values;
    },
  };
}

function numberColumn(
  table: Table,
  column: number,
  values: Float64Array,
  train: Uint32Array,
  rules: FeatureRules,
): FeatureColumn {
  const scale = rules.standardise ? scaleOf(table, column, values, train, rules.constant) : { mean: 0, stddev: 1 };
  const { stddev, largest } = spreadOf(values, null);
  const isConstant = stddev <= ROUNDING * largest;
  const isZero = isConstant && rules.standardise;
  if (!isZero) requirePrecision(table, { column, values }, scale, rules.standardise);
  return { column, categories: null, width: 1, ...scale, isConstant, isZero };
}

/** `bad`: a row that holds no number. */
function categoryColumn(
  table: Table,
  column: number,
  bad: number,
  { categorical, spelling }: FeatureRules,
): FeatureColumn {
  const cell = cellAt(table, bad, column);
  if (categorical === 'refuse')
    throw wrong(
      table.path,
      `${placeOf(table, bad, column)}: expected a number, got '${cell}'; set categorical: 'one-hot' if it is a column of categories`,
    );
  let numbers = 0;
  for (const { part } of partsOf(table)) for (const text of part.column(column)) if (isNumber(text)) numbers++;
  // A few texts among numbers are mistakes, not categories.
  if (numbers > table.rowCount / 2)
    throw wrong(
      table.path,
      `${placeOf(table, bad, column)}: expected a number as in ${numbers} of ${table.rowCount} rows, got '${cell}'; correct it, or leave the column out of the file`,
    );
  const categories = categoriesOf(table, column, spelling);
  if (categories.names.length > MOST_CATEGORIES)
    throw wrong(
      table.path,
      `column '${table.columnNames[column]}': expected at most ${MOST_CATEGORIES} categories, got ${categories.names.length}`,
    );
  return { column, categories, width: categories.names.length, mean: 0, stddev: 1, isConstant: false, isZero: false };
}

/** `rows` null: of all. */
function spreadOf(
  values: Float64Array,
  rows: Uint32Array | null,
): { readonly mean: number; readonly stddev: number; readonly largest: number } {
  const count = rows?.length ?? values.length;
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const value = values[rows ? rows[i]! : i]!;
    sum += value;
    largest = Math.max(largest, Math.abs(value));
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[rows ? rows[i]! : i]! - mean) ** 2;
  return { mean, stddev: Math.sqrt(squares / count), largest };
}

/** Mean and standard deviation (divisor n) of the training rows; deviation 1 where they are constant up to rounding. */
function scaleOf(
  table: Table,
  column: number,
  values: Float64Array,
  train: Uint32Array,
  rule: FeatureRules['constant'],
): { readonly mean: number; readonly stddev: number } {
  const { mean, stddev, largest } = spreadOf(values, train);
  if (stddev > ROUNDING * largest) return { mean, stddev };
  // The value itself, not its mean: a rounding error of the mean would be all that is left of it.
  const value = values[train[0]!]!;
  const other = values.findIndex((own) => Math.abs(own - value) > ROUNDING * Math.max(largest, Math.abs(own)));
  if (other >= 0 && rule === 'refuse')
    throw wrong(
      table.path,
      `${placeOf(table, other, column)}: '${cellAt(table, other, column)}' differs from ${value}, which all training rows hold, so that the column cannot be scaled; set constant: 'zero' to leave such columns unscaled, standardise: false, or another testShare`,
    );
  const near = other < 0 && rule === 'refuse' ? values.findIndex((own) => own !== value) : -1;
  if (near >= 0)
    throw wrong(
      table.path,
      `${placeOf(table, near, column)}: '${cellAt(table, near, column)}' and '${cellAt(table, train[0]!, column)}' of ${table.unit} ${lineOf(table, train[0]!)} differ by less than 1e-12 of their size, as all rows do: a constant with an error of rounding, or numbers with a constant that should be subtracted; set constant: 'zero' to take them as one, or leave the column out`,
    );
  return { mean: value, stddev: 1 };
}

function constantColumns(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`constant, and so without effect: ${some(names)}`];
}

interface ColumnOfNumbers {
  readonly column: number;
  readonly values: Float64Array;
}

/** Refuses numbers that float32 cannot represent or cannot distinguish once they are scaled. */
function requirePrecision(
  table: Table,
  { column, values }: ColumnOfNumbers,
  { mean, stddev }: { readonly mean: number; readonly stddev: number },
  isScaled: boolean,
): void {
  const scaled = new Float32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    scaled[row] = (values[row]! - mean) / stddev;
    if (!Number.isFinite(scaled[row]))
      throw wrong(
        table.path,
        `${placeOf(table, row, column)}: expected a number within 3.4e38, got '${cellAt(table, row, column)}'; scale the column`,
      );
  }
  const [exact, single] = [distinctCount(values), distinctCount(scaled)];
  if (exact - single <= MOST_COLLISIONS * exact) return;
  const [a, b] = firstClash(values, scaled);
  const same = `'${cellAt(table, b, column)}' and '${cellAt(table, a, column)}' of ${table.unit} ${lineOf(table, a)} are the same number in 32 bits, as are ${exact - single} of ${exact} values`;
  const remedy = isScaled
    ? `the column is scaled by its largest value, ${farthest(table, { column, values }, mean)}; correct that value`
    : 'subtract a constant from the column, set standardise: true';
  throw wrong(table.path, `${placeOf(table, b, column)}: ${same}; ${remedy}, or leave the column out`);
}

/** By sorting: a set of a million numbers takes ten times the memory and longer. */
function distinctCount(values: Float64Array | Float32Array): number {
  const sorted = values.slice().sort();
  let count = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) count++;
  return count;
}

/** The first row whose number is new but equal in 32 bits to that of a row before it, after that row. */
function firstClash(values: Float64Array, scaled: Float32Array): readonly [number, number] {
  const exact = new Set<number>();
  const single = new Map<number, number>();
  for (const [row, value] of values.entries()) {
    if (exact.has(value)) continue;
    exact.add(value);
    const before = single.get(scaled[row]!);
    if (before !== undefined) return [before, row];
    single.set(scaled[row]!, row);
  }
  throw new RangeError('no two numbers are equal in 32 bits');
}

/** The value that is farthest from the mean, and where it stands. */
function farthest(table: Table, { column, values }: ColumnOfNumbers, mean: number): string {
  const distance = (row: number) => Math.abs(values[row]! - mean);
  let far = 0;
  for (const row of values.keys()) if (distance(row) > distance(far)) far = row;
  return `'${cellAt(table, far, column)}' of ${table.unit} ${lineOf(table, far)}`;
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

/** What to set where the names of columns hold a sign that separates values elsewhere; else nothing. */
export function otherDelimiter(table: Table): string {
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

import { NO_LABELS, NO_TARGETS } from '../dataset.js';
import { categoriesOf, type SpellingRule } from './categories.js';
import { isNumber } from './cells.js';
import { type CodedColumn, codedColumn } from './coded-column.js';
import { some } from './features.js';
import { numberColumns } from './number-columns.js';
import { cellAt, placeOf, type Table, wrong } from './table.js';

/** Above this many classes each needs LEAST_EXAMPLES rows on average, or the column is not one of labels. */
const FEW_CLASSES = 20;
const LEAST_EXAMPLES = 5;

export interface Target {
  readonly classNames: readonly string[];
  readonly decisions: readonly string[];
  labels(rows: Uint32Array): Int32Array;
  targets(rows: Uint32Array): Float64Array;
}

/** The target column as class indices (sorted distinct values) or as numbers. Throws ERR_DATA_FORMAT. */
export function targetOf(
  table: Table,
  column: number,
  task: 'classification' | 'regression',
  spelling: SpellingRule,
): Target {
  const name = `'${table.columnNames[column]}'`;
  if (task === 'regression') {
    const numbers = numberColumns(table, [column])[0]!;
    if ('bad' in numbers)
      throw wrong(
        table.path,
        `${placeOf(table, numbers.bad, column)}: expected a number, got '${cellAt(table, numbers.bad, column)}'; set task: 'classification' for labels`,
      );
    return {
      classNames: [],
      decisions: [`target: ${name}, numbers`],
      labels: () => NO_LABELS,
      targets: (rows) => Float64Array.from(rows, (r) => numbers.values[r]!),
    };
  }
  const coded = codedColumn(table, column);
  const classes = categoriesOf(table, column, spelling, coded);
  refuseWhatIsNoLabel(table, column, coded, classes.names);
  return {
    classNames: classes.names,
    decisions: [`target: ${name}, ${classes.names.length} classes (${some(classes.names)})`],
    labels: (rows) => classes.ofRows(rows),
    targets: () => NO_TARGETS,
  };
}

function refuseWhatIsNoLabel(table: Table, column: number, coded: CodedColumn, names: readonly string[]): void {
  const place = `column '${table.columnNames[column]}'`;
  if (names.length < 2)
    throw wrong(table.path, `${place}: expected labels of at least 2 classes, got '${names[0]}' in every row`);
  const numeric = names.every(isNumber);
  const { rowCount } = table;
  const fraction = coded.texts.findIndex((text) => numeric && !Number.isInteger(Number(text)));
  const fractional = fraction >= 0 ? coded.firstRows[fraction]! : -1;
  const scarce = names.length > rowCount / 2 || names.length * LEAST_EXAMPLES > rowCount;
  if ((fractional >= 0 && scarce && names.length > 2) || (names.length > FEW_CLASSES && scarce)) {
    const at = fractional >= 0 ? placeOf(table, fractional, column) : place;
    const got = fractional >= 0 ? `'${coded.texts[fraction]}'` : `${names.length} different values`;
    throw wrong(
      table.path,
      `${at}: expected labels of a few classes, got ${got} (${names.length} different values in ${rowCount} rows); set task: 'regression' if the target is a number, or name another target`,
    );
  }
}

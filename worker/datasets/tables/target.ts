import { NO_LABELS, NO_TARGETS } from '../dataset.js';
import { type Categories, categoriesOf, type SpellingRule } from './categories.js';
import { isNumber } from './cells.js';
import { some } from './features.js';
import { columnOf, placeOf, type Table, wrong } from './table.js';

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
  const cells = columnOf(table, column);
  if (task === 'regression') {
    const bad = cells.findIndex((cell) => !isNumber(cell));
    if (bad >= 0)
      throw wrong(
        table.path,
        `${placeOf(table, bad, column)}: expected a number, got '${cells[bad]}'; set task: 'classification' for labels`,
      );
    return {
      classNames: [],
      decisions: [`target: ${name}, numbers`],
      labels: () => NO_LABELS,
      targets: (rows) => Float64Array.from(rows, (r) => Number(cells[r])),
    };
  }
  const classes = categoriesOf(table, column, spelling, cells);
  refuseWhatIsNoLabel(table, column, cells, classes);
  return {
    classNames: classes.names,
    decisions: [`target: ${name}, ${classes.names.length} classes (${some(classes.names)})`],
    labels: (rows) => Int32Array.from(rows, (r) => classes.indexOf(cells[r]!)),
    targets: () => NO_TARGETS,
  };
}

function refuseWhatIsNoLabel(table: Table, column: number, cells: readonly string[], { names }: Categories): void {
  const place = `column '${table.columnNames[column]}'`;
  if (names.length < 2)
    throw wrong(table.path, `${place}: expected labels of at least 2 classes, got '${names[0]}' in every row`);
  const numeric = names.every(isNumber);
  const fractional = cells.findIndex((cell) => numeric && !Number.isInteger(Number(cell)));
  const scarce = names.length > cells.length / 2 || names.length * LEAST_EXAMPLES > cells.length;
  if ((fractional >= 0 && scarce && names.length > 2) || (names.length > FEW_CLASSES && scarce)) {
    const at = fractional >= 0 ? placeOf(table, fractional, column) : place;
    const got = fractional >= 0 ? `'${cells[fractional]}'` : `${names.length} different values`;
    throw wrong(
      table.path,
      `${at}: expected labels of a few classes, got ${got} (${names.length} different values in ${cells.length} rows); set task: 'regression' if the target is a number, or name another target`,
    );
  }
}

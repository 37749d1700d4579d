import { isNumber } from './cells.js';
import { wrong } from './table.js';

export type Header = 'auto' | 'yes' | 'no';

/** Rows below the first that say what a column holds, and how many values are few. */
const ENOUGH_ROWS = 10;
const FEW_VALUES = 20;

/** What the rows below the first say about a column. */
interface Below {
  isNumeric: boolean;
  /** The first row's cell stands further down as well. */
  isRepeated: boolean;
  /** How often each number occurs; null above FEW_VALUES of them. */
  counts: Map<number, number> | null;
  hasInteger: boolean;
}

/** Row by row, what distinguishes a header from a first row of values. Memory does not grow with the rows. */
export class HeaderEvidence {
  private readonly columns: readonly Below[];
  private rows = 0;

  constructor(private readonly first: readonly string[]) {
    this.columns = first.map(() => ({ isNumeric: true, isRepeated: false, counts: new Map(), hasInteger: false }));
  }

  add(cells: readonly string[]): void {
    this.rows++;
    for (const [c, column] of this.columns.entries()) {
      const cell = cells[c]!;
      if (cell === this.first[c]) column.isRepeated = true;
      if (!column.isNumeric) continue;
      if (isNumber(cell)) count(column, Number(cell));
      else column.isNumeric = false;
    }
  }

  /**
   * A first row of texts above columns of numbers is a header, a first row of the same kinds as the rows below is none. Anything
   * between is refused: the setting decides.
   */
  decision(path: string, line: number, header: Header): { readonly hasHeader: boolean; readonly why: string } {
    if (header !== 'auto') return { hasHeader: header === 'yes', why: `header: '${header}'` };
    const { first: cells, columns } = this;
    const doubt = (what: string) =>
      wrong(path, `line ${line}: ${what}; set header: 'yes' if it holds the names of the columns, 'no' if it is a row`);
    const numeric = columns.map(({ isNumeric }) => this.rows > 0 && isNumeric);
    const names = cells.filter((cell, c) => numeric[c] && !isNumber(cell));
    const numbers = cells.filter(isNumber);
    if (names.length > 0 && numbers.length === 0) return { hasHeader: true, why: 'texts above columns of numbers' };
    if (names.length > 0)
      throw doubt(`'${names[0]}' is above a column of numbers like a name, but '${numbers[0]}' is a number`);
    if (numbers.length === cells.length && countsColumns(cells.map(Number)))
      throw doubt(`${cells.slice(0, 3).join(', ')}${cells.length > 3 ? ', …' : ''} counts the columns like a header`);
    const odd = cells.findIndex((cell, c) => isNumber(cell) && numeric[c] && this.standsApart(cell, columns[c]!));
    if (odd >= 0) throw doubt(`'${cells[odd]}' is of another kind than the numbers below it`);
    if (numbers.length > 0) return { hasHeader: false, why: 'the first row is of the same types as the others' };
    const repeated = cells.find((_, c) => columns[c]!.isRepeated);
    if (repeated !== undefined) throw doubt(`no column holds numbers, and '${repeated}' is further down as well`);
    return { hasHeader: true, why: 'its texts stand nowhere else in their columns' };
  }

  /** A whole number above fractions, or a value above a few others that all repeat, such as '3' above classes 0 and 1. */
  private standsApart(cell: string, { counts, hasInteger }: Below): boolean {
    if (this.rows < ENOUGH_ROWS) return false;
    const value = Number(cell);
    if (Number.isInteger(value) && !hasInteger) return true;
    return counts !== null && !counts.has(value) && [...counts.values()].every((times) => times > 1);
  }
}

function count(column: Below, value: number): void {
  column.hasInteger ||= Number.isInteger(value);
  if (!column.counts) return;
  column.counts.set(value, (column.counts.get(value) ?? 0) + 1);
  if (column.counts.size > FEW_VALUES) column.counts = null;
}

/** 0, 1, 2; 1, 2; 2019, 2020, 2021; 10, 20, 30: names of columns, more likely than values. */
function countsColumns(numbers: readonly number[]): boolean {
  const [first = 0, second = 0] = numbers;
  const step = second - first;
  const counts = step !== 0 && numbers.every((number, c) => number === first + c * step);
  return (
    counts && numbers.every(Number.isInteger) && (numbers.length > 2 || (step === 1 && (first === 0 || first === 1)))
  );
}

export function checkNames(path: string, cells: readonly string[], line: number): void {
  const nameless = cells.indexOf('');
  if (nameless >= 0)
    throw wrong(
      path,
      `line ${line}: expected a name for column ${nameless + 1} of ${cells.length}, got an empty cell; name it, or leave the column out of the file`,
    );
  const twice = cells.find((name, i) => cells.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(path, `line ${line}: expected distinct column names, got '${twice}' twice`);
}

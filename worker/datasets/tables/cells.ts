/** What a cell of a CSV file is. Texts come trimmed. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Words by which programs write a value that is not there; compared without regard to case. */
const MISSING = new Set(['', '?', '-', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', 'missing']);

/** A finite decimal number, in the notation of JSON or with a sign, a bare point or a leading zero. */
export function isNumber(cell: string): boolean {
  return NUMBER.test(cell);
}

export function isMissing(cell: string): boolean {
  return MISSING.has(cell.toLowerCase());
}

/** Is it a number that a double cannot hold: infinite, as 'inf' or '1e999'? */
export function isInfinite(cell: string): boolean {
  return /^[+-]?inf(inity)?$/i.test(cell) || (isNumber(cell) && !Number.isFinite(Number(cell)));
}

/**
 * One spelling for all ways in which the same decimal number can be written: digits without leading and trailing zeros and a power
 * of ten. Exact: numbers of more digits than a double holds stay apart. '1', '1.0', '+1e0' and '01' are '1e0'.
 */
export function canonicalNumber(cell: string): string {
  const [mantissa = '', exponent = '0'] = cell.toLowerCase().split('e');
  const negative = mantissa.startsWith('-');
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0e0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${negative ? '-' : ''}${significant}e${power}`;
}

/** One spelling for texts that differ in case or in the width of their spaces only. */
export function canonicalText(cell: string): string {
  return cell.normalize('NFC').toLowerCase().replace(/\s+/g, ' ');
}

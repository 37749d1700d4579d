import { CLIENT_FIGURES } from '../../protocol/scenario/client-figures.js';
import type { ClientRow } from '../run-directory/client-metrics.js';

/**
 * Over the clients that have the figure, each with equal weight: `clientLossMean`, `clientLossP10`, `…Median`, `…P90`, `…Worst` and
 * `…WorstDecile`, the mean of the worst ceil(n/10), for the loss, and the same of accuracy, precision, recall and F1. A loss is the worse
 * the higher it is, and worst where it is not a number; the others are the worse the lower.
 */
export function clientColumns(rows: readonly ClientRow[]): Record<string, number> {
  const columns: Record<string, number> = {};
  for (const name of CLIENT_FIGURES) {
    const values = rows.flatMap(({ figures }) => (name in figures ? [figures[name]!] : []));
    if (values.length === 0) continue;
    const ascending = values.sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b));
    const worstFirst = name === 'loss' ? [...ascending].reverse() : ascending;
    const prefix = `client${name[0]!.toUpperCase()}${name.slice(1)}`;
    columns[`${prefix}Mean`] = mean(ascending);
    columns[`${prefix}P10`] = percentile(ascending, 0.1);
    columns[`${prefix}Median`] = percentile(ascending, 0.5);
    columns[`${prefix}P90`] = percentile(ascending, 0.9);
    columns[`${prefix}Worst`] = worstFirst[0]!;
    columns[`${prefix}WorstDecile`] = mean(worstFirst.slice(0, Math.ceil(values.length / 10)));
  }
  return columns;
}

/** Linear between the two nearest of the ascending values. */
export function percentile(ascending: readonly number[], share: number): number {
  const at = share * (ascending.length - 1);
  const [low, rest] = [Math.floor(at), at - Math.floor(at)];
  // Two infinities have no number between them.
  if (rest === 0 || ascending[low] === ascending[low + 1]) return ascending[low]!;
  return ascending[low]! + rest * (ascending[low + 1]! - ascending[low]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { CLIENT_FIGURES, clientColumn } from '../../protocol/scenario/client-figures.js';
import type { ClientFigureOf } from '../../protocol/scenario/scenario.js';
import type { ClientRow } from '../run-directory/client-metrics.js';
import { rises } from './best-round.js';

/**
 * Over the clients that have the figure, each with equal weight: `clientLossMean`, `clientLossP10`, `…Median`, `…P90`, `…Worst` and
 * `…WorstDecile`, the mean of the worst ceil(n/10), for the loss, and the same of accuracy, precision, recall and F1. A loss is the worse
 * the higher it is, the others the worse the lower, and worst is what is not a number.
 */
export function clientColumns(rows: readonly ClientRow[]): Record<string, number> {
  return columnsOf(
    rows,
    CLIENT_FIGURES.map((of) => ({ of, mode: of === 'loss' ? 'min' : 'max' })),
  );
}

/** The same of figures of one's own, which are the worse the further they are from what `mode` calls better. Of a client with several values the last counts. */
export function ownColumns(rows: readonly ClientRow[], own: readonly ClientFigureOf[]): Record<string, number> {
  return columnsOf(rows, own);
}

function columnsOf(rows: readonly ClientRow[], of: readonly ClientFigureOf[]): Record<string, number> {
  const columns: Record<string, number> = {};
  for (const figure of of) {
    const name = figure.of;
    const byClient = new Map(
      rows.flatMap(({ client, figures }) => (name in figures ? [[client, figures[name]!]] : [])),
    );
    if (byClient.size === 0) continue;
    const rising = rises(figure);
    // What is not a number is worse than any.
    const last = rising ? -1 : 1;
    const ascending = [...byClient.values()].sort((a, b) =>
      Number.isNaN(a) ? (Number.isNaN(b) ? 0 : last) : Number.isNaN(b) ? -last : a - b,
    );
    const worstFirst = rising ? ascending : [...ascending].reverse();
    const values = {
      Mean: mean(ascending),
      P10: percentile(ascending, 0.1),
      Median: percentile(ascending, 0.5),
      P90: percentile(ascending, 0.9),
      Worst: worstFirst[0]!,
      WorstDecile: mean(worstFirst.slice(0, Math.ceil(ascending.length / 10))),
    };
    for (const [over, value] of Object.entries(values)) columns[clientColumn(name, over)] = value;
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

import { exp, log, log1p } from '../../numerics/elementary.js';
import { checkDelta } from './ranges.js';

/**
 * From Renyi differential privacy to (epsilon, delta).
 * classic: Mironov, "Renyi Differential Privacy", 2017, Prop. 3.
 * tight: Balle et al., 2020, Thm. 21; Canonne, Kamath, Steinke, 2020, Prop. 12 (the same formula).
 */
export type Conversion = 'tight' | 'classic';

/** Epsilon at one order, not clamped: it may be negative. */
export function epsilonAtOrder(order: number, rdp: number, delta: number, conversion: Conversion): number {
  if (conversion === 'classic') return rdp - log(delta) / (order - 1);
  return rdp + log1p(-1 / order) - (log(delta) + log(order)) / (order - 1);
}

/** ln of the tight delta at one order and epsilon, not clamped. */
export function logDeltaAtOrder(order: number, rdp: number, epsilon: number): number {
  return (order - 1) * (rdp - epsilon + log1p(-1 / order)) - log(order);
}

export interface ConvertedEpsilon {
  readonly epsilon: number;
  /** The order that gives it; null when nothing was spent or no order gives a finite value. */
  readonly order: number | null;
  readonly warnings: readonly string[];
}

/**
 * The smallest epsilon over the grid, clamped at 0. `rdp`: one value an order. Nothing spent at any order is epsilon 0.
 * Warns when the best order is an end of the grid, since a longer grid might then give less.
 */
export function rdpToEpsilon(
  orders: readonly number[],
  rdp: ArrayLike<number>,
  delta: number,
  conversion: Conversion = 'tight',
): ConvertedEpsilon {
  checkDelta(delta);
  let best = Number.POSITIVE_INFINITY;
  let bestIndex = -1;
  let spent = false;
  for (let i = 0; i < orders.length; i++) {
    if (rdp[i]! > 0) spent = true;
    const epsilon = epsilonAtOrder(orders[i]!, rdp[i]!, delta, conversion);
    if (epsilon < best) {
      best = epsilon;
      bestIndex = i;
    }
  }
  if (!spent) return { epsilon: 0, order: null, warnings: [] };
  if (bestIndex < 0) return { epsilon: best, order: null, warnings: [] };
  const atEnd = best > 0 && orders.length > 1 && (bestIndex === 0 || bestIndex === orders.length - 1);
  return {
    epsilon: Math.max(0, best),
    order: orders[bestIndex]!,
    warnings: atEnd
      ? [
          `the best order ${orders[bestIndex]} is the ${bestIndex === 0 ? 'lowest' : 'highest'} of the grid: ` +
            'epsilon is valid, but a wider grid of orders may give a smaller one',
        ]
      : [],
  };
}

/** The smallest delta at `epsilon` over the grid (tight conversion), at most 1. */
export function rdpToDelta(orders: readonly number[], rdp: ArrayLike<number>, epsilon: number): number {
  let best = 0;
  let spent = false;
  for (let i = 0; i < orders.length; i++) {
    if (rdp[i]! > 0) spent = true;
    best = Math.min(best, logDeltaAtOrder(orders[i]!, rdp[i]!, epsilon));
  }
  return spent ? exp(best) : 0;
}

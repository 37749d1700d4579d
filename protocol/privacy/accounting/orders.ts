import { GradswarmError } from '../../errors.js';

const tenths = Array.from({ length: 99 }, (_, i) => (11 + i) / 10);
const integers = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/**
 * Named grids of Renyi orders, each that of a published library, so that its numbers can be met exactly.
 * `dp_accounting` is the default: it reaches far enough down for large epsilons and far enough up for small ones.
 */
export const ORDER_GRIDS = {
  dp_accounting: [...tenths, ...integers(11, 63), 128, 256, 512, 1024],
  opacus: [...tenths, ...integers(12, 63)],
  tfp_legacy: [1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, ...integers(5, 63), 128, 256, 512],
  int_2_256: integers(2, 256),
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type OrderGrid = keyof typeof ORDER_GRIDS;
/** A named grid, or orders above 1 in ascending order. */
export type Orders = OrderGrid | readonly number[];

/** No sum over that many terms is worth waiting for: orders so high matter at epsilons below 1e-5 only. */
const HIGHEST_ORDER = 1e6;

/** The orders behind a name or a list. ERR_PRIVACY when the list is empty, unsorted, or holds an order not in (1, 1e6]. */
export function resolveOrders(orders: Orders = 'dp_accounting'): readonly number[] {
  if (typeof orders === 'string') {
    if (Object.hasOwn(ORDER_GRIDS, orders)) return ORDER_GRIDS[orders];
    throw new GradswarmError(
      'ERR_PRIVACY',
      `orders: no grid named '${orders}'; use one of ${Object.keys(ORDER_GRIDS).join(', ')} or a list of orders`,
    );
  }
  if (orders.length === 0) throw new GradswarmError('ERR_PRIVACY', 'orders: expected at least one order, got none');
  orders.forEach((order, i) => {
    if (!(order > 1 && order <= HIGHEST_ORDER && (i === 0 || order > orders[i - 1]!)))
      throw new GradswarmError(
        'ERR_PRIVACY',
        `orders[${i}]: expected ascending numbers above 1 and at most ${HIGHEST_ORDER}, got ${order}`,
      );
  });
  return orders;
}

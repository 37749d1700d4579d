import type { Rng } from '../../method.js';
import { fraction } from '../../settings/kinds.js';

/** Of methods whose clients make local steps. */
export const leastLocalShare = fraction(
  1,
  'Partial work: in each round a client makes the first of its local steps, a share of them that is drawn uniformly from this to 1, at least one step; 1: all',
);

/** The steps that the client makes. Nothing is drawn where `least` is 1. */
export function partialWork<T>(steps: readonly T[], rng: Rng, least: number): readonly T[] {
  if (least === 1) return steps;
  const share = least + (1 - least) * rng.derive('local-share').uniform();
  return steps.slice(0, Math.max(1, Math.ceil(share * steps.length)));
}

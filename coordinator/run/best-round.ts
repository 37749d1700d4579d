import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import { seriesValue } from '../../protocol/scenario/quantity.js';
import type { ImprovementMode, Scenario } from '../../protocol/scenario/scenario.js';

/** Is more of it better? */
export function rises({ of, mode }: { readonly of: string; readonly mode: ImprovementMode }): boolean {
  return mode === 'max' || (mode === 'auto' && /accuracy/i.test(of));
}

/** Is the value better than the best before by more than `minDelta`? NaN never is. */
export function improves(
  by: { readonly of: string; readonly mode: ImprovementMode },
  value: number,
  best: number | null,
  minDelta = 0,
): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  return rises(by) ? value > best + minDelta : value < best - minDelta;
}

/** The round of this row and its value where they are better than the best before; null where not, or where nothing is kept. */
export function betterRound(
  keepBest: Scenario['keepBest'],
  row: MetricsRow,
  best: { readonly value: number } | null,
): { readonly round: number; readonly value: number } | null {
  const value = keepBest ? seriesValue(row, keepBest.of) : null;
  if (!keepBest || value === null || !improves(keepBest, value, best?.value ?? null)) return null;
  return { round: row.round, value };
}

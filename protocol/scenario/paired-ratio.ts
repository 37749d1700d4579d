import { inverseBetaCdf } from '../numerics/beta-distribution.js';
import type { RunRecord } from './expectation.js';
import { meanFigure } from './quantity.js';

/** A quotient of two means over the same seeds, with the interval that it lies in by 95 %. */
export interface PairedRatio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly seeds: readonly number[];
}

/**
 * mean(top) / mean(bottom), paired by seed: r +- t sd(top_s - r bottom_s) / (|mean(bottom)| sqrt n) with Student's t of n - 1
 * degrees of freedom (linearised; Cochran, Sampling Techniques, section 6.4). Null below two seeds that both sides have, or
 * where a run lacks the figure.
 */
export function pairedRatio(
  [topRuns, top]: readonly [readonly RunRecord[], string],
  [bottomRuns, bottom]: readonly [readonly RunRecord[], string],
): PairedRatio | null {
  const seeds = seedsOf(topRuns).filter((seed) => bottomRuns.some(({ scenario }) => scenario.seed === seed));
  if (seeds.length < 2) return null;
  const at = (runs: readonly RunRecord[], figure: string) =>
    seeds.map((seed) =>
      meanFigure(
        runs.filter(({ scenario }) => scenario.seed === seed),
        figure,
      ),
    );
  const [above, below] = [at(topRuns, top), at(bottomRuns, bottom)];
  if (above.includes(null) || below.includes(null)) return null;
  const [tops, bottoms] = [above as number[], below as number[]];
  const n = seeds.length;
  const divisor = sum(bottoms) / n;
  const ratio = sum(tops) / n / divisor;
  const squares = sum(tops.map((value, s) => (value - ratio * bottoms[s]!) ** 2));
  const half = (studentT95(n - 1) * Math.sqrt(squares / (n - 1) / n)) / Math.abs(divisor);
  return { ratio, low: ratio - half, high: ratio + half, seeds };
}

/** The 95 % interval of a mean by Student's t, of one value a seed; null below two. */
export function meanInterval(values: readonly number[]): { readonly low: number; readonly high: number } | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = sum(values) / n;
  const half = studentT95(n - 1) * Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (n - 1) / n);
  return { low: mean - half, high: mean + half };
}

/** In ascending order, each once. */
export function seedsOf(records: readonly RunRecord[]): number[] {
  return [...new Set(records.map(({ scenario }) => scenario.seed))].sort((one, other) => one - other);
}

/** The t with P(|T| <= t) = 0.95: |T| > t as often as a beta(df/2, 1/2) draw is below df / (df + t^2). */
export function studentT95(degrees: number): number {
  const x = inverseBetaCdf(0.05, degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

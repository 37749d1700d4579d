import type { Judgement } from '../../protocol/scenario/expectation.js';
import type { Spec } from '../../protocol/scenario/scenario.js';

/** How an expectation fared at other seeds. */
export interface SeedTrial {
  /** What it is about, without the numbers of one run. */
  readonly expectation: string;
  readonly held: number;
  readonly trials: number;
  /** Least and greatest number that decided it; null: it is not decided by a number. */
  readonly range: readonly [number, number] | null;
  /**
   * Distance of the mean over the trials from the nearest bound, in standard deviations over the trials; of logarithms where all
   * numbers are above 0. Negative: beyond the bound. Infinite: equal at all seeds. null: no number, or no bound.
   */
  readonly margin: number | null;
}

/** `judgements[trial][expectation]`, in the order of `specs`. */
export function seedTrials(specs: readonly Spec[], judgements: readonly (readonly Judgement[])[]): SeedTrial[] {
  return specs.map((spec, index) => {
    const each = judgements.map((trial) => trial[index]!);
    const observed = each.map(({ observed: value }) => value);
    const numbers = observed.every((value) => typeof value === 'number') ? (observed as number[]) : null;
    return {
      expectation: inWords(spec),
      held: each.filter(({ holds }) => holds === true).length,
      trials: each.length,
      range: numbers && [Math.min(...numbers), Math.max(...numbers)],
      margin: numbers && marginOf(numbers, boundsOf(spec)),
    };
  });
}

interface Bounds {
  readonly least: number | null;
  readonly most: number | null;
}

function boundsOf({ name, value, least, most, factor, byRound }: Spec): Bounds {
  const number = (bound: unknown) => (typeof bound === 'number' ? bound : null);
  if (name === 'above') return { least: number(value), most: null };
  if (name === 'below') return { least: null, most: number(value) };
  if (name === 'critical-batch') return { least: 1 / Number(factor), most: number(factor) };
  if (name === 'reaches') return { least: null, most: number(byRound) };
  return { least: number(least), most: number(most) };
}

function marginOf(numbers: readonly number[], { least, most }: Bounds): number | null {
  if (numbers.length < 2 || (least === null && most === null)) return null;
  const positive = [...numbers, least ?? 1, most ?? 1].every((value) => value > 0);
  const scaled = (value: number) => (positive ? Math.log(value) : value);
  const values = numbers.map(scaled);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const stddev = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  const distances = [
    ...(least === null ? [] : [mean - scaled(least)]),
    ...(most === null ? [] : [scaled(most) - mean]),
  ];
  const nearest = Math.min(...distances);
  // Rounding of equal numbers is no spread.
  return stddev <= 1e-12 * Math.abs(mean) ? Math.sign(nearest) * Number.POSITIVE_INFINITY : nearest / stddev;
}

function inWords({ name, where, ...settings }: Spec): string {
  const given = Object.entries({ ...settings, ...(where ? { where } : {}) }).filter(
    ([, value]) => !['null', 'false', '{}'].includes(JSON.stringify(value)),
  );
  return `${name} ${given.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ')}`.replaceAll('"', '');
}

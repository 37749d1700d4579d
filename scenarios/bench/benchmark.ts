import type { BenchmarkAim, BenchmarkOptions, BenchmarkReference, BenchmarkRow } from '../run/run.js';

/** One thing that `gradswarm bench` times. */
export interface Benchmark {
  readonly name: string;
  run(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]>;
}

export interface RowOptions {
  readonly aim?: BenchmarkAim;
  readonly references?: readonly BenchmarkReference[];
}

/** A row from the timings, or ratios of timings, of its repeats. */
export function rowOf(
  name: string,
  unit: string,
  values: readonly number[],
  { aim, references = [] }: RowOptions = {},
): BenchmarkRow {
  const median = medianOf(values);
  return {
    name,
    unit,
    median,
    least: Math.min(...values),
    aim: aim ?? null,
    withinAim: aim ? ('atMost' in aim ? median <= aim.atMost : median >= aim.atLeast) : null,
    references,
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Repeats until there are enough or the time is up, at least once: a benchmark is bounded on slow machines too. `once` gets the
 * number of the repeat.
 */
export async function repeated<T>(
  { repeats, signal }: BenchmarkOptions,
  budgetMs: number,
  once: (repeat: number) => Promise<T> | T,
): Promise<T[]> {
  const until = performance.now() + budgetMs;
  const results = [await once(0)];
  while (results.length < repeats && performance.now() < until && !signal.aborted)
    results.push(await once(results.length));
  return results;
}

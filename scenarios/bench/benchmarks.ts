import type { BenchmarkOptions, BenchmarkRow } from '../run.js';

/** `names` empty: every benchmark. Throws ERR_USAGE for a name that there is not. */
export async function runBenchmarks(
  _names: readonly string[],
  _options: BenchmarkOptions,
): Promise<readonly BenchmarkRow[]> {
  return [];
}

import { GradswarmError } from '../../protocol/errors.js';
import { nearestHint } from '../../protocol/settings/problems.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import type { Benchmark } from './benchmark.js';
import { codecs } from './codec-speeds.js';
import { growth } from './growth.js';
import { kernels } from './kernels.js';
import { methods } from './methods.js';
import { overhead } from './overhead.js';
import { simulation } from './simulation.js';
import { transport } from './transport.js';

/** Adding one: its file and its name here. */
const BENCHMARKS: readonly Benchmark[] = [simulation, overhead, kernels, transport, methods, codecs, growth];

export const benchmarkNames: readonly string[] = BENCHMARKS.map(({ name }) => name);

/** `names` empty: every benchmark. Throws ERR_USAGE for a name that there is not. */
export async function runBenchmarks(
  names: readonly string[],
  options: BenchmarkOptions,
): Promise<readonly BenchmarkRow[]> {
  for (const name of names)
    if (!benchmarkNames.includes(name))
      throw new GradswarmError(
        'ERR_USAGE',
        `bench: expected ${benchmarkNames.join(', ')}, got '${name}'${nearestHint(name, benchmarkNames)}`,
      );
  const rows: BenchmarkRow[] = [];
  for (const benchmark of BENCHMARKS)
    if (names.length === 0 || names.includes(benchmark.name)) {
      if (options.signal.aborted) break;
      rows.push(...(await benchmark.run(options)));
    }
  return rows;
}

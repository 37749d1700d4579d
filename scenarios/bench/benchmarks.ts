import { nearestHint } from '../../protocol/scenario/problems.js';
import { GradswarmError } from '../../protocol/wire/error-codes.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run.js';
import { type Benchmark, rowOf } from './benchmark.js';
import { benchCodecs } from './codecs.js';
import { methods } from './methods.js';
import { overhead } from './overhead.js';
import { simulation } from './simulation.js';
import { transport } from './transport.js';

/** Speeds beside a plain copy of the same numbers, and bits a number; the least time of the repeats counts. */
const codecs: Benchmark = {
  name: 'codecs',
  async run({ repeats }) {
    const rows = await benchCodecs({ lengths: [1e6], repeats });
    return rows.flatMap(({ codec, distribution, encodeRatio, decodeRatio, bitsPerParameter }) => {
      const name = `codec ${codec}, ${distribution}, 1e6 numbers`;
      return [
        rowOf(`${name}: encode`, 'x copy', [encodeRatio]),
        rowOf(`${name}: decode`, 'x copy', [decodeRatio]),
        rowOf(`${name}: size`, 'bits/number', [bitsPerParameter]),
      ];
    });
  },
};

/** Adding one: its file and its name here. */
const BENCHMARKS: readonly Benchmark[] = [simulation, overhead, transport, codecs, methods];

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

import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, repeated, rowOf } from './benchmark.js';
import { MILLION_CLIENTS, millionParameters } from './million-parameters.js';
import { ObjectiveAlone } from './objective-alone.js';
import { type PreparedRun, prepareRun, requireEqualBits, timedRun, totalMs } from './timed-run.js';

const TINY = { clients: 100, rounds: 200 } as const;
const LARGE_ROUNDS = 4;

/** Ten parameters: all that takes time is the simulator itself. */
function tiny(): Promise<PreparedRun> {
  return prepareRun({
    name: 'bench-overhead-tiny',
    method: { name: 'sgd' },
    objective: { name: 'quadratic', dimension: 10 },
    data: 'none',
    evaluation: { everyRounds: TINY.rounds },
    ...TINY,
  });
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const small = await tiny();
  const perClientRound = await repeated(options, 10_000, async () => {
    const ms = totalMs(await timedRun(small, options.signal));
    return (1000 * ms) / (TINY.clients * TINY.rounds);
  });
  const large = await prepareRun(millionParameters('sgd', LARGE_ROUNDS));
  const both = await repeated(options, 20_000, async () => {
    const bare = new ObjectiveAlone(large);
    const begin = performance.now();
    const params = bare.synchronousSgd();
    await large.problem.family.evaluate([params]);
    const bareMs = performance.now() - begin;
    const timed = await timedRun(large, options.signal);
    requireEqualBits('overhead', timed.result.estimates[0]!, params);
    return { bareMs, runMs: totalMs(timed) };
  });
  const label = `overhead, 1e6 parameters, ${MILLION_CLIENTS} clients`;
  return [
    rowOf('overhead, 10 parameters', 'us/client-round', perClientRound, { aim: { atMost: 15 } }),
    rowOf(
      label,
      'ms/round',
      both.map(({ runMs }) => runMs / LARGE_ROUNDS),
    ),
    rowOf(
      label,
      'x objective alone',
      both.map(({ runMs, bareMs }) => runMs / bareMs),
      { aim: { atMost: 1.3 } },
    ),
  ];
}

export const overhead: Benchmark = { name: 'overhead', run: measure };

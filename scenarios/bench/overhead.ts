import type { BenchmarkOptions, BenchmarkRow } from '../run.js';
import { BareLoop } from './bare-loop.js';
import { type Benchmark, repeated, rowOf } from './benchmark.js';
import { type PreparedRun, prepareRun, requireEqualBits, timedRun, totalMs } from './timed-run.js';

const TINY = { clients: 100, rounds: 200 } as const;
const LARGE = { clients: 32, rounds: 4 } as const;

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

/** A million parameters and one example a client, so that moving vectors is as much work as computing them. */
export function million(method: string | { readonly name: string }, rounds: number): Promise<PreparedRun> {
  return prepareRun({
    name: 'bench-overhead-large',
    method,
    objective: { name: 'softmax-regression', bias: true },
    data: { name: 'gaussian-clusters', features: 100_000, classes: 10, examples: LARGE.clients, testExamples: 1 },
    evaluation: { everyRounds: rounds },
    clients: LARGE.clients,
    rounds,
  });
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const small = await tiny();
  const perClientRound = await repeated(options, 10_000, async () => {
    const ms = totalMs(await timedRun(small, options.signal));
    return (1000 * ms) / (TINY.clients * TINY.rounds);
  });
  const large = await million('sgd', LARGE.rounds);
  const both = await repeated(options, 20_000, async () => {
    const bare = new BareLoop(large);
    const begin = performance.now();
    const params = bare.synchronousSgd();
    await large.workshop.family.evaluate([params]);
    const bareMs = performance.now() - begin;
    const timed = await timedRun(large, options.signal);
    requireEqualBits('overhead', timed.result.estimates[0]!, params);
    return { bareMs, runMs: totalMs(timed) };
  });
  const label = `overhead, 1e6 parameters, ${LARGE.clients} clients`;
  return [
    rowOf('overhead, 10 parameters', 'us/client-round', perClientRound, { aim: { atMost: 15 } }),
    rowOf(
      label,
      'ms/round',
      both.map(({ runMs }) => runMs / LARGE.rounds),
    ),
    rowOf(
      label,
      'x bare loop',
      both.map(({ runMs, bareMs }) => runMs / bareMs),
      { aim: { atMost: 1.3 } },
    ),
  ];
}

export const overhead: Benchmark = { name: 'overhead', run: measure };

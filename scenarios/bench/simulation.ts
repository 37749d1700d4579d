import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { BenchmarkOptions, BenchmarkReference, BenchmarkRow } from '../run/run.js';
import { type Benchmark, repeated, rowOf } from './benchmark.js';
import { ObjectiveAlone } from './objective-alone.js';
import { type PreparedRun, prepareRun, requireEqualBits, timedRun, totalMs } from './timed-run.js';

const ENTRY = fileURLToPath(new URL('../cli.js', import.meta.url));
const ROUNDS = 100;
const EVALUATED_EVERY = 20;

/**
 * The shape of a table that simulators are compared by, task LR_MNIST of FLUTE's README: 1,000 clients, 10 a round, 100 rounds, one
 * epoch, batches of 10, rate 0.03, evaluated every 20 rounds.
 */
const shape = {
  name: 'bench-simulation',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 10, clientLearningRate: 0.03 },
  objective: { name: 'softmax-regression' },
  clients: 1000,
  rounds: ROUNDS,
  seed: 1,
  participation: { cohort: 10 },
  evaluation: { everyRounds: EVALUATED_EVERY },
} as const;

const TABLE = "FLUTE's README, comparison with Flower 1.0.0, row CPU: their machine, which it does not name";
const REFERENCES: readonly BenchmarkReference[] = [
  { what: 'FLUTE', value: 200, unit: 's', source: TABLE },
  { what: 'Flower', value: 1814, unit: 's', source: TABLE },
];

const OURS = 'measured by us once, on another day, on a machine of 2 cores';
const ROUND_REFERENCES: readonly BenchmarkReference[] = [
  { what: 'bare numpy', value: 1.9, unit: 'ms', source: OURS },
  { what: 'pfl-research', value: 10, unit: 'ms', source: OURS },
  { what: 'DISCO over its sockets', value: 440, unit: 'ms', source: OURS },
];

/** MNIST where it is installed, else drawn images of the same shape (denser, hence slower). */
async function prepared(): Promise<PreparedRun> {
  const withData = (data: ScenarioInput['data']) => prepareRun({ ...shape, data });
  try {
    return await withData({ name: 'mnist' });
  } catch (error) {
    if (!(error instanceof GradswarmError) || error.code !== 'ERR_DATA_MISSING') throw error;
    return withData({ name: 'gaussian-clusters', features: 784, classes: 10, examples: 60_000, testExamples: 10_000 });
  }
}

/** Seconds that `gradswarm run` takes: Node's start, reading data, the run, its record and its report. */
function wholeCommandSeconds(run: PreparedRun): number {
  const folder = mkdtempSync(join(tmpdir(), 'gradswarm-bench-'));
  try {
    const file = join(folder, 'scenario.json');
    writeFileSync(file, JSON.stringify(run.scenario));
    const begin = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      [ENTRY, 'run', file, '--quiet', '--out', join(folder, 'run')],
      { encoding: 'utf8' },
    );
    const seconds = (performance.now() - begin) / 1000;
    if (status !== 0) throw new Error(`the run that was to be timed ended with ${status}: ${stderr}`);
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bareMs(run: PreparedRun): Promise<{ readonly ms: number; readonly params: Float32Array }> {
  const loop = new ObjectiveAlone(run);
  const begin = performance.now();
  const params = loop.federatedAveraging();
  for (let i = 0; i < ROUNDS / EVALUATED_EVERY; i++) await run.problem.family.evaluate([params]);
  return { ms: performance.now() - begin, params };
}

async function simulate(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const run = await prepared();
  const { name } = run.problem.dataset;
  const local = await repeated(options, 15_000, async () => {
    const bare = await bareMs(run);
    const timed = await timedRun(run, options.signal);
    requireEqualBits('simulation', timed.result.estimates[0]!, bare.params);
    return { bareMs: bare.ms, runMs: totalMs(timed) };
  });
  const seconds = await repeated(options, 12_000, () => wholeCommandSeconds(run));
  const withWorkers = { ...run, scenario: { ...run.scenario, workers: { ...run.scenario.workers, count: 2 } } };
  const remote = await repeated(options, 15_000, async () => totalMs(await timedRun(withWorkers, options.signal)));
  const label = `simulation, ${name}`;
  return [
    rowOf(`${label}: whole command`, 's', seconds, { aim: { atMost: 3 }, references: REFERENCES }),
    rowOf(
      `${label}: one process`,
      'ms/round',
      local.map(({ runMs }) => runMs / ROUNDS),
      { references: ROUND_REFERENCES },
    ),
    rowOf(
      `${label}: objective alone`,
      'ms/round',
      local.map((each) => each.bareMs / ROUNDS),
    ),
    rowOf(
      `${label}: one process`,
      'x objective alone',
      local.map((each) => each.runMs / each.bareMs),
      { aim: { atMost: 1.5 } },
    ),
    rowOf(
      `${label}: two workers`,
      'ms/round',
      remote.map((ms) => ms / ROUNDS),
      { aim: { atMost: 15 } },
    ),
  ];
}

export const simulation: Benchmark = { name: 'simulation', run: simulate };

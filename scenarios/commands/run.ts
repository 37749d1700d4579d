import { Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Assignment } from '../../protocol/scenario/set-path.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { withAssignments } from '../run/changed-settings.js';
import { withInitial } from '../run/initial.js';
import { folderOf, type Loaded, loadScenario } from '../run/load.js';
import { mainThread } from '../run/main-thread.js';
import type { RunOptions } from '../run/run.js';
import { atSeeds, seedsFrom, sweptSeeds } from '../run/seeds.js';
import { inThread } from './compute-thread.js';
import { type ListenFlags, listenOptions, withListening } from './listen.js';
import { absolutePath, collectAssignments, collectModules, portNumber, USE_MEANING, wholeNumber } from './options.js';
import { type Printing, report, reportSweep } from './outcome.js';

interface Flags extends Printing, ListenFlags {
  readonly set?: readonly Assignment[];
  readonly use?: readonly string[];
  readonly workers?: number;
  readonly seed?: number;
  readonly firstSeed?: number;
  readonly seeds?: number;
  readonly jobs?: number;
  readonly open?: boolean;
  readonly tensorboard?: boolean;
  readonly metricsPort?: number;
  readonly rounds?: number;
  readonly device?: string;
  readonly initial?: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  gradswarm run quick-start
  gradswarm run quick-start --workers 4                 real processes on this machine
  gradswarm run quick-start --listen :7700 --workers 4  wait for four workers from other machines
  gradswarm run quick-start --set clients=100 --set data.partition='{"name":"dirichlet","alpha":0.1}'
  gradswarm run quick-start --set objective=softmax-regression   another model, with its defaults
  gradswarm run ./my-scenario.ts --seed 3 --rounds 50 --json
  gradswarm run quick-start --seeds 5 --jobs 2          five seeds, two at once: means and bands
  gradswarm run quick-start --use ./sign-vote.ts --set method=sign-vote
  gradswarm run runs/latest                             repeat a recorded run: the same bits

A scenario's expectations were written for its settings: a value that --set changes makes them 'not applicable'. --set expect=… replaces them.

Exit status: 0 all expectations met, 1 an expectation not met, 2 inconclusive, 3 the scenario or the command was refused.`;

/** `gradswarm run`. */
export function runCommand(): Command {
  return withListening(new Command('run'))
    .description('run a scenario or a sweep and check its expectations')
    .argument('<scenario>', 'a name from the list, a .ts, .js or .json file, or a run directory')
    .option('--workers <count>', 'worker processes; 0: everything in this process', wholeNumber(0))
    .option('--set <path=value>', 'change one value of the scenario; repeatable', collectAssignments)
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--seed <seed>', 'the same as --set seed=…; a sweep over seeds is run at this one alone', wholeNumber(0))
    .option('--first-seed <seed>', 'a sweep over seeds: as many, from this one on', wholeNumber(0))
    .option('--seeds <count>', 'at so many seeds from the seed on: a scenario becomes a sweep', wholeNumber(1))
    .option('--jobs <count>', 'runs of a sweep at once, each in a process of its own', wholeNumber(1))
    .option('--rounds <rounds>', 'the same as --set rounds=…', wholeNumber(1))
    .option('--device <name>', 'the same as --set device=…')
    .option('--initial <file>', 'begin with saved parameters, .npz or .safetensors', absolutePath)
    .option('--out <directory>', 'write the run here, not under runs/')
    .option('--open', 'show the run as it goes in a page on this machine’s loopback')
    .option('--tensorboard', "also write event files for TensorBoard into the run's folder")
    .option('--metrics-port <port>', 'serve /metrics for Prometheus on this port of the loopback; 0: any', portNumber)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', EXAMPLES)
    .action(inThread(run));
}

async function run(name: string, flags: Flags): Promise<void> {
  const { loadCatalogue, runScenario, runSweep } = await import('../run/runtime.js');
  const { withPlugIns } = await import('../plug-ins/use.js');
  if (flags.open) mainThread()?.post({ type: 'open' });
  if (flags.metricsPort !== undefined) mainThread()?.post({ type: 'metrics', port: flags.metricsPort });
  const loaded = await loadScenario(name);
  const folder = folderOf(name);
  const input = withInitial(await withPlugIns(changed(loaded, flags), folder, flags.use), folder);
  const seeds = sweptSeeds(loaded);
  if (flags.seed !== undefined && seeds && seeds.length > 1 && !flags.quiet)
    process.stderr.write(
      `seed ${flags.seed} alone instead of seeds ${seeds.join(', ')}; --first-seed ${flags.seed} runs as many from there on\n`,
    );
  const catalogue = await loadCatalogue();
  const options: Omit<RunOptions, 'signal'> = {
    directory: flags.out ?? null,
    listen: listenOptions(flags),
    jobs: flags.jobs ?? 1,
    ...(flags.tensorboard && { tensorboard: true }),
  };
  if (isSweep(input)) {
    const sweep = await resolveSweep(input, catalogue);
    for (const { scenario } of sweep.points) checkListening(scenario.workers.count, flags);
    return reportSweep((watching) => runSweep(sweep, { ...options, ...watching }), flags, sweep.points.length);
  }
  const scenario = await resolveScenario(input, catalogue);
  checkListening(scenario.workers.count, flags);
  return report((watching) => runScenario(scenario, { ...options, ...watching }), flags);
}

/** `--set` in the order given, then the options that have a name of their own. */
function changed(input: Loaded, { set = [], workers, seed, seeds, firstSeed, rounds, device, initial }: Flags): Loaded {
  const named = Object.entries({ 'workers.count': workers, seed, rounds, device, initial });
  const assignments = named.flatMap(([path, value]) => (value === undefined ? [] : [{ path, value }]));
  const assigned = withAssignments(input, [...set, ...assignments]);
  const several = seeds === undefined ? assigned : atSeeds(assigned, seeds);
  return firstSeed === undefined ? several : seedsFrom(several, firstSeed);
}

function checkListening(workerCount: number, { listen }: Flags): void {
  if (listen && workerCount === 0)
    throw new GradswarmError('ERR_USAGE', '--listen: expected --workers with the number to wait for, got 0 workers');
}

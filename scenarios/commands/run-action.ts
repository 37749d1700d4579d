import { GradswarmError } from '../../protocol/errors.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Assignment } from '../../protocol/scenario/set-path.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { withPlugIns } from '../plug-ins/use.js';
import { loadCatalogue } from '../run/catalogue.js';
import { withAssignments } from '../run/changed-settings.js';
import { folderOf, type Loaded, loadScenario } from '../run/load.js';
import { mainThread } from '../run/main-thread.js';
import { withNamedFiles } from '../run/named-files.js';
import type { RunOptions } from '../run/run.js';
import { runScenario } from '../run/run-scenario.js';
import { atSeeds, seedNote, seedsFrom } from '../run/seeds.js';
import { startLine } from '../run/start-line.js';
import type { BegunWorkers } from '../run/worker-launcher.js';
import { type ListenFlags, listenOptions } from './listen.js';
import { type Printing, report, reportSweep, type Task } from './outcome.js';

export interface RunFlags extends Printing, ListenFlags {
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
  readonly timingOnly?: boolean;
  readonly out?: string;
}

/** `gradswarm run`, in the thread that computes. `processes`: worker processes that were begun for it; null: none. */
export async function runAction(name: string, flags: RunFlags, processes: BegunWorkers | null): Promise<void> {
  if (flags.open) mainThread()?.post({ type: 'open' });
  if (flags.metricsPort !== undefined) mainThread()?.post({ type: 'metrics', port: flags.metricsPort });
  const loaded = await loadScenario(name);
  const folder = folderOf(name);
  const input = await withNamedFiles(await withPlugIns(changed(loaded, flags), folder, flags.use), folder);
  const note = flags.seed === undefined || flags.quiet ? null : seedNote(loaded, flags.seed);
  if (note !== null) process.stderr.write(`${note}\n`);
  const catalogue = await loadCatalogue();
  const options: Omit<RunOptions, 'signal'> = {
    directory: flags.out ?? null,
    listen: listenOptions(flags),
    jobs: flags.jobs ?? 1,
    ...(flags.tensorboard && { tensorboard: true }),
    ...(processes && { processes }),
  };
  const seconds = input.changed ? null : (input.expectedSeconds ?? null);
  if (isSweep(input)) {
    const sweep = await resolveSweep(input, catalogue);
    for (const { scenario } of sweep.points) checkListening(scenario.workers.count, flags);
    const { runSweep } = await import('../run/sweep-run.js');
    const { points } = sweep;
    const first = startLine(sweep.name, points[0]!.scenario, points.length, seconds);
    return reportSweep(
      after(first, flags, (watching) => runSweep(sweep, { ...options, ...watching })),
      flags,
      points.length,
    );
  }
  const scenario = await resolveScenario(input, catalogue);
  checkListening(scenario.workers.count, flags);
  const first = startLine(scenario.name, scenario, 1, seconds);
  return report(
    after(first, flags, (watching) => runScenario(scenario, { ...options, ...watching })),
    flags,
  );
}

/** The task, after a line that says what the first row waits for. */
function after<T>(line: string, { json }: RunFlags, task: Task<T>): Task<T> {
  return (watching) => {
    if (!json) watching.watcher?.note(line);
    return task(watching);
  };
}

/** `--set` in the order given, then the options that have a name of their own. */
function changed(
  input: Loaded,
  { set = [], workers, seed, seeds, firstSeed, rounds, device, initial, timingOnly }: RunFlags,
): Loaded {
  const named = Object.entries({ 'workers.count': workers, seed, rounds, device, initial, timingOnly });
  const assignments = named.flatMap(([path, value]) => (value === undefined ? [] : [{ path, value }]));
  const assigned = withAssignments(input, [...set, ...assignments]);
  const several = seeds === undefined ? assigned : atSeeds(assigned, seeds);
  return firstSeed === undefined ? several : seedsFrom(several, firstSeed);
}

function checkListening(workerCount: number, { listen }: RunFlags): void {
  if (listen && workerCount === 0)
    throw new GradswarmError('ERR_USAGE', '--listen: expected --workers with the number to wait for, got 0 workers');
}

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep, type ScenarioInput, type SweepInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { withPlugIns } from '../plug-ins/use.js';
import { loadCatalogue } from './catalogue.js';
import { folderOf, loadScenario } from './load.js';
import { withNamedFiles } from './named-files.js';
import type { RunOptions, RunOutcome, SweepOutcome } from './run.js';
import { replayRun, resumeRun, resumeSweep, runSweep as runEveryPoint, runScenario } from './runtime.js';
import { withSocketThread } from './socket-thread.js';
import { isSweepFolder } from './sweep-run.js';

/** What every call may be given; all may be left out. */
export interface CallOptions extends Partial<Pick<RunOptions, 'signal' | 'watcher' | 'listen'>> {
  /** Folder of the run, which must be new or empty; left out: a new one under `runs/`. */
  readonly directory?: string;
  /** `import.meta.url` of the caller: paths of modules in the scenario are relative to its folder. Left out: the working directory. */
  readonly from?: string;
  /** Modules of one's own to use besides those that the scenario names. */
  readonly use?: readonly string[];
}

/**
 * Runs a scenario to its last round and judges it. `scenario`: as written, or what `gradswarm run` takes (a shipped name, a file,
 * a run directory). Throws GradswarmError: ERR_SCENARIO with every problem of the scenario, ERR_STOPPED after `signal`, and the
 * errors of docs/errors.md.
 */
export async function run(scenario: ScenarioInput | string, options: CallOptions = {}): Promise<RunOutcome> {
  const input = await opened(scenario, options);
  if (isSweep(input)) throw new GradswarmError('ERR_USAGE', 'run: expected a scenario, got a sweep; call runSweep');
  const resolved = await resolveScenario(input, await loadCatalogue());
  return withSocketThread(() => runScenario(resolved, runOptions(options)));
}

/** Runs every point of a sweep, one after the other, and judges them together. Errors as those of `run`. */
export async function runSweep(sweep: SweepInput | string, options: CallOptions = {}): Promise<SweepOutcome> {
  const input = await opened(sweep, options);
  if (!isSweep(input)) throw new GradswarmError('ERR_USAGE', 'runSweep: expected a sweep, got a scenario; call run');
  const resolved = await resolveSweep(input, await loadCatalogue());
  return withSocketThread(() => runEveryPoint(resolved, runOptions(options)));
}

/**
 * Continues the stopped run or sweep in a folder from its last checkpoint. `rounds`: gives a run, a finished one too, this later last
 * round; the result is in bits that of a run that had it from the beginning. Throws ERR_CHECKPOINT, also where the method depends on
 * the number of rounds, and the errors of `run`.
 */
export async function resume(
  directory: string,
  options?: Omit<CallOptions, 'directory'> & { readonly rounds?: number },
): Promise<RunOutcome>;
export async function resume(
  directory: string,
  { rounds, ...options }: CallOptions & { readonly rounds?: number } = {},
): Promise<RunOutcome | SweepOutcome> {
  if (!isSweepFolder(directory))
    return withSocketThread(() =>
      resumeRun(directory, { ...runOptions(options), ...(rounds !== undefined && { rounds }) }),
    );
  if (rounds !== undefined)
    throw new GradswarmError('ERR_USAGE', 'resume: expected the folder of one run with rounds, got that of a sweep');
  return withSocketThread(() => resumeSweep(directory, runOptions(options)));
}

/**
 * Runs the recorded run in a folder again, in this process, under its recorded deliveries; the verdict is whether the bits are
 * equal. Throws ERR_REPLAY and the errors of `run`.
 */
export async function replay(directory: string, options: CallOptions = {}): Promise<RunOutcome> {
  return replayRun(directory, runOptions(options));
}

async function opened<T extends ScenarioInput | SweepInput>(input: T | string, { from, use }: CallOptions) {
  if (typeof input === 'string') {
    const folder = folderOf(input);
    return await withNamedFiles(await withPlugIns(await loadScenario(input), folder, use), folder);
  }
  const folder = from === undefined ? process.cwd() : dirname(fileURLToPath(from));
  const named = isSweep(input) ? { sweep: 'sweep', ...input } : { name: 'scenario', ...input };
  return await withNamedFiles(await withPlugIns<ScenarioInput | SweepInput>(named, folder, use), folder);
}

function runOptions({ directory, signal, watcher, listen }: CallOptions): RunOptions {
  return {
    directory: directory ?? null,
    listen: listen ?? null,
    signal: signal ?? new AbortController().signal,
    ...(watcher && { watcher }),
  };
}

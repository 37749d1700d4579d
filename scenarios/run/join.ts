import { fileName } from '../../coordinator/members/used-modules.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { locateInitial } from '../../worker/initial-file.js';
import { runWorker } from '../../worker/main.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { loadPlugIn } from '../plug-ins/plug-ins.js';
import type { WorkerOptions } from './run.js';

/** Hosts clients for the coordinator at `url` until the run is over. Throws ERR_SCENARIO where a module cannot be loaded. */
export async function joinAsWorker(
  url: string,
  { quiet, use = [], initial, ...options }: WorkerOptions,
): Promise<void> {
  if (initial !== undefined) locateInitial(initial);
  const plugIns = await plugInsOf(use);
  await runWorker(url, {
    ...options,
    use: plugIns.map(({ module, sha256 }) => ({ module: fileName(module), sha256 })),
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
  });
}

/** The problem of a scenario as a worker with these files opens it. */
export async function openAsWorker(
  scenario: Scenario,
  use: readonly string[],
  initial: string | null,
): Promise<Problem> {
  if (initial !== null) locateInitial(initial);
  await plugInsOf(use);
  return openProblem(scenario);
}

/** Each is loaded once. */
function plugInsOf(use: readonly string[]) {
  return Promise.all(use.map((module) => loadPlugIn(module, process.cwd())));
}

export { NotWanted } from '../../worker/main.js';

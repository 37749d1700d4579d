import { fileName } from '../../coordinator/members/used-modules.js';
import { assumeDataHash } from '../../worker/fingerprint.js';
import { locateInitial } from '../../worker/initial-file.js';
import { runWorker } from '../../worker/main.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { loadPlugIn } from '../plug-ins/plug-ins.js';
import { limitHeapGrowth } from './heap-growth.js';
import type { Orders, Outlook } from './orders.js';
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

/**
 * The problem of the run as a worker process of this machine opens it, before it has its orders. Null: it cannot be opened, which the run then
 * says itself, or the coordinator has chosen another device.
 */
export async function openAsWorker(
  { scenario, use, initial }: Outlook,
  orders: Promise<Orders | undefined>,
): Promise<Problem | null> {
  limitHeapGrowth(scenario);
  try {
    if (initial !== null) locateInitial(initial);
    await plugInsOf(use);
    const problem = await openProblem(scenario);
    const { device = null, data = null } = (await orders) ?? {};
    if (data !== null) assumeDataHash(problem.dataset, data);
    return device === (problem.family.device?.name ?? null) ? problem : null;
  } catch {
    return null;
  }
}

/** Each is loaded once. */
function plugInsOf(use: readonly string[]) {
  return Promise.all(use.map((module) => loadPlugIn(module, process.cwd())));
}

export { NotWanted } from '../../worker/main.js';

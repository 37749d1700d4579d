import { fileName } from '../../coordinator/members/used-modules.js';
import { locateInitial } from '../../worker/initial-file.js';
import { runWorker } from '../../worker/main.js';
import { loadPlugIn } from '../plug-ins/plug-ins.js';
import type { WorkerOptions } from './run.js';

/** Hosts clients for the coordinator at `url` until the run is over. Throws ERR_SCENARIO where a module cannot be loaded. */
export async function joinAsWorker(
  url: string,
  { quiet, use = [], initial, ...options }: WorkerOptions,
): Promise<void> {
  if (initial !== undefined) locateInitial(initial);
  const plugIns = await Promise.all(use.map((module) => loadPlugIn(module, process.cwd())));
  await runWorker(url, {
    ...options,
    use: plugIns.map(({ module, sha256 }) => ({ module: fileName(module), sha256 })),
    note: (text) => {
      if (!quiet) process.stderr.write(`${text}\n`);
    },
  });
}

export { NotWanted } from '../../worker/main.js';

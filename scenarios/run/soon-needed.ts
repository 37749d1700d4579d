import { isSweep } from '../../protocol/scenario/input.js';
import { loadShipped } from './load.js';
import type { LocalWorkers } from './local-workers.js';

/** What of the command line decides how many processes a run starts. */
interface Flags {
  readonly listen?: object;
  readonly workers?: number;
  readonly seeds?: number;
  readonly timingOnly?: boolean;
  readonly set?: readonly { readonly path: string }[];
}

/** More are begun when the scenario is known to be valid. */
const MOST = 16;

/**
 * The worker processes of a shipped scenario, begun at once: most of their start is to read modules, which takes as long as the coordinator takes to read its own and
 * to complete the scenario. Null: it has none, or a setting may change how many. The caller stops them, whatever comes of the run.
 */
export async function soonNeeded(name: string, flags: Flags): Promise<LocalWorkers | null> {
  const { listen, workers, seeds, timingOnly, set = [] } = flags;
  if (listen !== undefined || seeds !== undefined || timingOnly || set.some(({ path }) => path.startsWith('workers')))
    return null;
  const input = await loadShipped(name);
  if (input === null || isSweep(input)) return null;
  const count = workers ?? input.workers?.count ?? 0;
  if (count === 0 || count > MOST) return null;
  const { LocalWorkers } = await import('./local-workers.js');
  // The run has a note of those that end once it has orders for them.
  const processes = new LocalWorkers(() => {}, null);
  processes.begin(count);
  return processes;
}

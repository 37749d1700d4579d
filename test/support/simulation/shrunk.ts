import { type ExplorerOptions, SessionExplorer, type Story } from './session-explorer.js';

/** Of a drawn history. */
export const MOST_FAULTS = 8;

/** The shortest history that leaving out faults one by one finds, of a seed that fails. */
export async function shrunk(seed: number, options: ExplorerOptions = {}): Promise<Story> {
  const skip = new Set<number>();
  let shortest = await new SessionExplorer(seed, options).run();
  for (let id = 0; id < MOST_FAULTS; id++) {
    skip.add(id);
    const shorter = await new SessionExplorer(seed, { ...options, skip }).run();
    if (shorter.failure === null) skip.delete(id);
    else shortest = shorter;
  }
  return shortest;
}

/** How it failed, in few faults, and how to run it again. */
export async function explained(seed: number): Promise<string> {
  const { title, failure, faults, notes } = await shrunk(seed);
  return [`GRADSWARM_SEED=${seed}: ${title}: ${failure}`, ...faults, ...notes.slice(0, 40)].join('\n  ');
}

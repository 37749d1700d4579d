import { type Bug, type Outcome, SeatExplorer } from './seat-explorer.js';

/** The shortest history that leaving out faults one by one finds, of a seed that fails. */
export function shrunk(seed: number, onLoss: 'replay' | 'absent', bug: Bug | null): Outcome {
  const skip = new Set<number>();
  let shortest = new SeatExplorer(seed, onLoss, bug).run();
  for (let id = 0; id < 40; id++) {
    skip.add(id);
    const shorter = new SeatExplorer(seed, onLoss, bug, skip).run();
    if (shorter.failure === null) skip.delete(id);
    else shortest = shorter;
  }
  return shortest;
}

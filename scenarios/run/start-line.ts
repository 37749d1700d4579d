import { aboutText } from '../../coordinator/report/units.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';

/**
 * What a run, or the first of so many, does before its first row: for a reader who waits for it. `seconds`: about how long all of them take;
 * null: not known.
 */
export function startLine(
  name: string,
  { rounds, clients, data, objective, method, workers }: Scenario,
  runs: number,
  seconds: number | null,
): string {
  const reads = data.name === 'none' ? 'builds' : `reads ${data.name}, builds`;
  const starts = workers.count > 0 ? `${workers.count} workers, ` : '';
  const ofFirst = runs > 1 ? ` of the first of ${runs} runs` : '';
  const about = seconds === null ? '' : `; about ${aboutText(seconds)} in all`;
  return `${name}: ${reads} ${objective.name}, ${starts}${method.name} of ${clients} clients, then ${rounds} ${rounds === 1 ? 'round' : 'rounds'}${ofFirst}${about}`;
}

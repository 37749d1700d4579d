import type { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import type { PosteriorReport } from './posterior-report.js';

/** Null for runs that kept no draws, or fewer than diagnostics need. Writes draws.npy. */
export async function concludePosterior(
  scenario: Scenario,
  problem: Problem,
  directory: RunDirectory,
): Promise<PosteriorReport | null> {
  const draws = directory.concludeDraws(problem.family.parameterCount);
  if (!draws || draws[0]!.length < 4) return null;
  const { reportOn } = await import('./posterior-report.js');
  return reportOn(draws, scenario, problem);
}

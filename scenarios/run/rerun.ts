import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { ProcessPrivacy } from '../../worker/privacy.js';
import { localFleet } from './local-fleet.js';
import { runFleet } from './run-fleet.js';
import type { StudiedProblem } from './study.js';

/** The studied run once more in this process, without a directory and under other noise. No ledger is charged. */
export async function rerun(
  { scenario, method, problem }: StudiedProblem,
  privacy: ProcessPrivacy,
): Promise<RunResult> {
  const fleet = await localFleet(scenario, method, problem, { mode: 'fast', shuffle: null, privacy });
  const { evaluation, checkpoints, rounds } = scenario;
  const quiet = {
    ...scenario,
    evaluation: { ...evaluation, everyRounds: rounds },
    checkpoints: { ...checkpoints, everyRounds: null },
  };
  return runFleet(fleet, quiet, problem);
}

import { openLoop } from '../../coordinator/run/open-loop.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import { pause } from '../../worker/pause.js';
import type { ProcessPrivacy } from '../../worker/privacy.js';
import { localFleet } from './local-fleet.js';
import type { StudiedProblem } from './study.js';

/** The studied run once more in this process, without a directory and under other noise. No ledger is charged. */
export async function rerun(
  { scenario, method, problem }: StudiedProblem,
  privacy: ProcessPrivacy,
): Promise<RunResult> {
  const fleet = await localFleet(scenario, method, problem, { mode: 'fast', shuffle: null, privacy });
  const loop = openLoop({
    scenario: {
      ...scenario,
      evaluation: { ...scenario.evaluation, everyRounds: scenario.rounds },
      checkpoints: { ...scenario.checkpoints, everyRounds: null },
    },
    site: fleet.site,
    crew: fleet.crew,
    evaluator: problem.family,
    observer: { round() {}, abandoned() {}, checkpoint() {} },
    scriptedAbsences: fleet.scriptedAbsences,
    forgotten: fleet.forgotten,
    faultsFired: fleet.faultsFired,
    privacy: null,
    signal: new AbortController().signal,
    pause,
    now: () => 0,
  });
  try {
    return await loop.run();
  } finally {
    await fleet.close();
  }
}

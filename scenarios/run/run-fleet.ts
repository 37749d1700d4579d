import { openLoop } from '../../coordinator/run/open-loop.js';
import type { RunResult } from '../../coordinator/run/run-loop-options.js';
import type { RunObserver } from '../../coordinator/run/run-observer.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { pause } from '../../worker/pause.js';
import type { Problem } from '../../worker/problem.js';
import type { localFleet } from './local-fleet.js';

/** Runs to the end in this process, without a directory, and closes the fleet. No ledger is charged. */
export async function runFleet(
  fleet: Awaited<ReturnType<typeof localFleet>>,
  scenario: Scenario,
  { family }: Pick<Problem, 'family'>,
  round: RunObserver['round'] = () => {},
): Promise<RunResult> {
  const loop = openLoop({
    scenario,
    site: fleet.site,
    crew: fleet.crew,
    evaluator: family,
    observer: { round, abandoned() {}, checkpoint() {} },
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

import { readRecordedRun, replayFleet } from './replay.js';
import type { RunOptions, RunOutcome } from './run.js';
import { newDirectory } from './run-scenario.js';
import { runSession } from './session.js';

export { loadCatalogue } from './catalogue.js';

/** Runs the recorded scenario again, in one process, under the recorded delivery log and compares the bits. */
export async function replayRun(path: string, options: RunOptions): Promise<RunOutcome> {
  const recorded = readRecordedRun(path);
  const { scenario, stateDigest } = recorded;
  const again = { ...scenario, workers: { ...scenario.workers, count: 0 } };
  const { outcome } = await runSession(again, () => newDirectory(again, options), {
    ...options,
    fleet: (replayed, method, problem) => replayFleet(replayed, method, problem, recorded),
    ...(recorded.read && { recorded: recorded.read }),
    ...(scenario.stopWhen && { endsAfter: recorded.log.length }),
    firstAttempt: (round) => recorded.log[round]?.attempt ?? 0,
  });
  const same = outcome.stateDigest === stateDigest;
  return {
    ...outcome,
    verdict: {
      valid: same,
      expectations: [
        {
          name: 'equal-digests',
          holds: same,
          observed: outcome.stateDigest,
          detail: same ? `the recorded state, ${stateDigest}` : `recorded ${stateDigest}, got ${outcome.stateDigest}`,
        },
      ],
    },
  };
}

export { continueRun, finishedRun, resumeRun } from './continue-run.js';
export { redrawReport } from './redraw.js';
export { runScenario } from './run-scenario.js';
export { redrawSweep, resumeSweep, runSweep } from './sweep-run.js';

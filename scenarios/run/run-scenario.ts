import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { RunOptions, RunOutcome } from './run.js';
import { runSession } from './session.js';

const ROOT = 'runs';

/** Runs to the last round, or to the privacy budget, and judges. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<RunOutcome> {
  return (await runSession(scenario, () => newDirectory(scenario, options), options)).outcome;
}

export function newDirectory(scenario: Scenario, { directory }: RunOptions): RunDirectory {
  return RunDirectory.create({
    root: ROOT,
    scenarioName: scenario.name,
    scenario,
    ...(directory === null ? {} : { path: directory }),
  });
}

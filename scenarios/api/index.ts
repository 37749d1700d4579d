/** Runs from one's own program: what the command line does, as functions. */

export { GradswarmError } from '../../protocol/errors.js';
export type { MetricsRow } from '../../protocol/scenario/expectation.js';
export type { ScenarioInput, SweepInput } from '../../protocol/scenario/input.js';
export type { Verdict } from '../../protocol/scenario/judge.js';
export type { Scenario } from '../../protocol/scenario/scenario.js';
export { type OpenedRun, openRun } from '../run/open-run.js';
export { type CallOptions, replay, resume, run, runSweep } from '../run/program.js';
export type { RunOutcome, RunWatcher, SweepOutcome } from '../run/run.js';
export { scenario, sweep } from './scenario.js';

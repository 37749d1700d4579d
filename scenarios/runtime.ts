import type { Catalogue } from '../protocol/scenario/catalogue.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { ResolvedSweep } from '../protocol/scenario/sweep.js';
import type { BenchmarkOptions, BenchmarkRow, RunOptions, RunOutcome, SweepOutcome, WorkerOptions } from './run.js';

/** Everything that the commands start. */

/** What scenarios may name: methods, objectives, data sets, codecs and the rest, by name. */
export async function loadCatalogue(): Promise<Catalogue> {
  throw new Error('the catalogue is not connected');
}

/** Runs to the last round, or to the privacy budget, and judges. */
export async function runScenario(_scenario: Scenario, _options: RunOptions): Promise<RunOutcome> {
  throw new Error('the runtime is not connected');
}

/** Runs every point in order and judges them together. */
export async function runSweep(_sweep: ResolvedSweep, _options: RunOptions): Promise<SweepOutcome> {
  throw new Error('the runtime is not connected');
}

/** Goes on from the last checkpoint of an unfinished run. */
export async function resumeRun(_directory: string, _options: RunOptions): Promise<RunOutcome> {
  throw new Error('the runtime is not connected');
}

/** Runs the recorded scenario again under the recorded delivery log and compares the bits. */
export async function replayRun(_directory: string, _options: RunOptions): Promise<RunOutcome> {
  throw new Error('the runtime is not connected');
}

/** Hosts clients for the coordinator at `url` until it says that the run is over. */
export async function joinAsWorker(_url: string, _options: WorkerOptions): Promise<void> {
  throw new Error('the runtime is not connected');
}

/** `names` empty: every benchmark. Throws ERR_USAGE for a name that there is not. */
export async function runBenchmarks(
  _names: readonly string[],
  _options: BenchmarkOptions,
): Promise<readonly BenchmarkRow[]> {
  throw new Error('the runtime is not connected');
}

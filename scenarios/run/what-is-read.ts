import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { loadRunMethod } from '../../protocol/selection/parts/run-method.js';
import { processChoices } from '../../worker/fastest-device.js';
import { differences, type Fingerprint } from '../../worker/fingerprint.js';
import { type MakeFamily, openProblem, type Problem } from '../../worker/problem.js';
import type { ReadData } from '../../worker/read-data.js';
import { loadUsed } from '../plug-ins/use.js';
import { estimateLengthOf } from './estimate-length.js';
import { openStudy, type Study } from './study.js';

/** What a run reads before its first round: what does not fit together is refused here. */
export interface Read {
  readonly scenario: Scenario;
  readonly plugIns: Awaited<ReturnType<typeof loadUsed>>;
  readonly method: AnyMethod;
  readonly problem: Problem;
  readonly study: Study | null;
}

/** `makeFamily` left out: on the device that the scenario names, or wasm; `readData` left out: read again. */
export async function whatIsRead(scenario: Scenario, makeFamily?: MakeFamily, readData?: ReadData): Promise<Read> {
  const plugIns = await loadUsed(scenario.use);
  const method = await loadRunMethod(scenario);
  const problem = await openProblem(scenario, null, makeFamily, readData);
  estimateLengthOf(scenario, method, problem);
  const rng = rootStream(scenario.seed, scenario.precision).derive('study');
  return { scenario, plugIns, method, problem, study: await openStudy({ scenario, method, problem, rng }) };
}

/** How the device of a new run is chosen; undefined: it is named, or nothing is. */
export function chosenFamily(
  { device, timingOnly }: Scenario,
  { listen }: { readonly listen: object | null },
): MakeFamily | undefined {
  // Timing alone computes no gradient.
  return timingOnly ? undefined : processChoices.maker(device, listen !== null);
}

/** Throws `code` where data or model are not those that the run in `what` read when it began. `recorded`: older versions kept none. */
export function checkSameRead(
  { problem }: Read,
  recorded: Fingerprint | undefined,
  code: 'ERR_CHECKPOINT' | 'ERR_REPLAY',
  what: string,
): void {
  const different = recorded ? differences(recorded, problem.fingerprint) : [];
  if (different.length > 0)
    throw new GradswarmError(
      code,
      `${what}: ${different.join(' and ')} differ from what the run read when it began; put the old files back, or start a new run`,
    );
}

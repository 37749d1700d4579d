import type { AnyMethod } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { openProblem, type Problem } from '../../worker/problem.js';
import { loadUsed } from '../plug-ins/use.js';
import { openStudy, type Study } from './study.js';

/** What a run reads before its first round: what does not fit together is refused here. */
export interface Read {
  readonly scenario: Scenario;
  readonly plugIns: Awaited<ReturnType<typeof loadUsed>>;
  readonly method: AnyMethod;
  readonly problem: Problem;
  readonly study: Study | null;
}

export async function whatIsRead(scenario: Scenario): Promise<Read> {
  const plugIns = await loadUsed(scenario.use);
  const method = await loadMethod(scenario.method.name);
  const problem = await openProblem(scenario);
  const rng = rootStream(scenario.seed, scenario.precision).derive('study');
  return { scenario, plugIns, method, problem, study: await openStudy({ scenario, method, problem, rng }) };
}

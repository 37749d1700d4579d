import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';
import type { Fleet, FleetOptions } from './fleet.js';
import { localFleet } from './local-fleet.js';

/** Everything in this process, worker processes started here, or workers that join from elsewhere. */
export async function openFleet(
  scenario: Scenario,
  method: AnyMethod,
  problem: Problem,
  options: FleetOptions,
): Promise<Fleet> {
  if (scenario.workers.count === 0 && !options.listen) return localFleet(scenario, method, problem);
  const { remoteFleet } = await import('./remote-fleet.js');
  return remoteFleet(scenario, method, problem, options, options.launcher ?? null);
}

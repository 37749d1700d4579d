import type { AnyMethod } from '../../protocol/method.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';

/** Numbers of a client's estimate. Throws ERR_SCENARIO where the method cannot cut this model as its settings say. */
export function estimateLengthOf({ method: spec, clients }: Scenario, method: AnyMethod, { family }: Problem): number {
  const { name: _, ...hyperparameters } = spec;
  const { segments, parameterCount } = family;
  const run = { hyperparameters, segments, parameterCount, clientCount: clients };
  return method.estimateLength?.(run) ?? parameterCount;
}

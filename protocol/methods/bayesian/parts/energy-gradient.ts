import type { LogPosterior, ReadonlyVector, Vector } from '../../../method.js';

/**
 * Gradient of the energy U_i = -ln p(x_i | theta) - ln p(theta) / b of one of b shards, estimated on `batch`; a new vector.
 * The energies of all shards add up to minus the log-posterior.
 */
export async function energyGradient(
  objective: LogPosterior,
  position: ReadonlyVector,
  batch: Uint32Array,
  shardCount: number,
): Promise<Vector> {
  const answer = objective.gradient(position, batch);
  const gradient = answer instanceof Promise ? await answer : answer;
  const prior = objective.priorGradient(position);
  for (let i = 0; i < gradient.length; i++)
    gradient[i] = objective.exampleCount * gradient[i]! - prior[i]! / shardCount;
  return gradient;
}

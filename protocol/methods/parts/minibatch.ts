import type { Objective, ReadonlyVector, Rng, Vector } from '../../method.js';
import { clip } from '../../numerics/vector.js';
import { count, positive } from '../../settings/kinds.js';

/** How a client draws a gradient: settings that most methods share. */
export const gradientSettings = {
  batchSize: count(null, 'Examples of a gradient, without replacement; null: all of the shard'),
  gradientClip: positive(null, 'Largest norm of a gradient, which is scaled down to it; null: no limit'),
};

interface Sampler {
  readonly objective: Objective;
  readonly rng: Rng;
  readonly hyperparameters: { readonly batchSize: number | null; readonly gradientClip?: number | null };
}

/** The examples of one gradient. Draws from the round's stream, so it is called once for each gradient with its own sample. */
export function minibatch({ objective, rng, hyperparameters }: Sampler): Uint32Array {
  return rng.batch(objective.exampleCount, hyperparameters.batchSize ?? objective.exampleCount);
}

/** The client's gradient on a batch, clipped by the settings. */
export async function gradientOn(at: Sampler, params: ReadonlyVector, batch: Uint32Array): Promise<Vector> {
  const gradient = await at.objective.gradient(params, batch);
  const { gradientClip = null } = at.hyperparameters;
  return gradientClip === null ? gradient : clip(gradient, gradientClip);
}

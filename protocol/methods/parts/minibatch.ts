import type { Objective, ReadonlyVector, Rng, Vector } from '../../method.js';
import { requireCount, requirePositive } from '../../numerics/settings.js';
import { clip } from '../../numerics/vector.js';

/** How a client draws a gradient: hyperparameters that most methods share. */
export interface GradientSettings {
  /** Examples of a gradient, without replacement; null: all of the shard. */
  readonly batchSize: number | null;
  /** Largest norm of a gradient, which is scaled down to it; null: no limit. */
  readonly gradientClip: number | null;
}

export const gradientDefaults: GradientSettings = { batchSize: null, gradientClip: null };

/** Throws ERR_SCENARIO. */
export function checkGradientSettings({ batchSize, gradientClip }: GradientSettings): void {
  if (batchSize !== null) requireCount('method.batchSize', batchSize);
  if (gradientClip !== null) requirePositive('method.gradientClip', gradientClip);
}

interface Sampler {
  readonly objective: Objective;
  readonly rng: Rng;
  readonly hyperparameters: GradientSettings;
}

/** The examples of one gradient. Draws from the round's stream, so it is asked once for each gradient that has its own sample. */
export function minibatch({ objective, rng, hyperparameters }: Sampler): Uint32Array {
  return rng.batch(objective.exampleCount, hyperparameters.batchSize ?? objective.exampleCount);
}

/** The client's gradient on a batch, clipped as the settings say. */
export async function gradientOn(at: Sampler, params: ReadonlyVector, batch: Uint32Array): Promise<Vector> {
  const gradient = await at.objective.gradient(params, batch);
  const { gradientClip } = at.hyperparameters;
  return gradientClip === null ? gradient : clip(gradient, gradientClip);
}

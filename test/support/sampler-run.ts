import type { ReadonlyVector } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import type { JsonObject, Scenario } from '../../protocol/scenario/scenario.js';
import { withCoordinatorHalf } from '../../scenarios/check/parts/changed-halves.js';
import { type TinyRun, type TinyRunOptions, tinyRun, tinyScenario } from './tiny-run.js';

export interface SamplerRun {
  readonly run: TinyRun;
  /** draws[chain][draw]. */
  readonly draws: readonly (readonly Float64Array[])[];
}

/** A run of a sampler in this process with the draws it kept; by default on the four shards of unequal curvature. */
export async function samplerRun(
  name: string,
  hyperparameters: JsonObject,
  changes: Partial<Scenario> = {},
  options: TinyRunOptions = {},
): Promise<SamplerRun> {
  const method = await loadMethod(name);
  const draws: Float64Array[][] = [];
  let dimension = 0;
  const watched = withCoordinatorHalf(method, (half) => ({
    ...half,
    draws(state): readonly ReadonlyVector[] {
      const kept = half.draws!(state);
      dimension = half.estimates!(state)[0]!.length;
      kept.forEach((numbers, chain) => {
        draws[chain] ??= [];
        for (let i = 0; i < numbers.length; i += dimension)
          draws[chain].push(Float64Array.from({ length: dimension }, (_, j) => numbers[i + j]!));
      });
      return kept;
    },
  }));
  const scenario = tinyScenario(name, {
    objective: {
      name: 'gaussian-mean',
      priorVariance: 100,
      problem: 'unequal-curvature',
      dataPrecisions: [],
    },
    precision: 'float64',
    evaluation: { everyRounds: 100_000, train: false },
    ...changes,
    method: { name, ...hyperparameters },
  });
  return { run: await tinyRun(scenario, { ...options, method: watched }), draws };
}

/** A regression that one or more clients share, for comparisons bit by bit. */
export const SHARED_REGRESSION: Partial<Scenario> = {
  objective: { name: 'bayesian-linear-regression', priorVariance: 2, noiseVariance: 0.5 },
  data: { name: 'linear-regression', partition: { name: 'iid' } },
};

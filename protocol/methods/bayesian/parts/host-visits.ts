import type { ClientRound, LogPosterior, ReadonlyVector, Rng, Vector } from '../../../method.js';
import { copy } from '../../../numerics/vector.js';
import { type ChainSettings, isKept, keptCount } from './chains.js';
import { measureHandOver } from './hand-over.js';
import type { Kernel } from './kernels.js';
import { isMiniBatch, type LinearDrift, ShardDrift } from './shard-drift.js';

import type { VisitMessages, VisitSettings } from './visits.js';

type ClientVisits = Omit<ClientRound<VisitSettings, VisitMessages, LogPosterior>, 'undelivered'>;

/** What a client sends before the first visits. */
export function sendSize(at: ClientVisits): void {
  at.post('size', 'coordinator', { examples: at.objective.exampleCount });
}

/** One round of a client: hosts whatever chains come. `conducive`: the surrogates' drift for a step frequency. */
export async function hostVisits(
  at: ClientVisits,
  kernel: Kernel,
  conducive: ((frequency: number) => LinearDrift | null) | null,
): Promise<void> {
  const settings = at.hyperparameters;
  const d = at.zeros().length;
  const shard = new ShardDrift(at.objective, at.zeros(0), d, settings.batchSize);
  const sampling = isMiniBatch(at.objective, settings.batchSize);
  const nothing = at.zeros(0);
  let noise = nothing;
  const kept: { to: 'coordinator'; payload: { draws: Vector; chain: number; visit: number } }[] = [];
  for (let number = 0; number < settings.visitsPerRound; number++) {
    const positions: { to: 'coordinator'; payload: { state: Vector; chain: number }; stream: number }[] = [];
    for (const { state, chain, step, steps, frequency } of await at.take('visit')) {
      const own = copy(state);
      if (noise.length < steps * d) noise = at.zeros(steps * d);
      const keptSteps = keptCount(step, steps, settings);
      const draws = keptSteps > 0 ? at.zeros(d * keptSteps) : nothing;
      const visit: Visit = {
        steps,
        firstStep: step,
        frequency,
        conducive: conducive?.(frequency) ?? null,
        noise: at.shared.derive('chain', chain, number).normal(steps * d, noise),
        // Whole shards need no coins, and at a delay of 1 deriving a stream costs as much as the step.
        batches: sampling ? at.rng.derive('chain', chain, number) : at.rng,
      };
      const waiting = runVisit(own, shard, kernel, visit, settings, draws);
      if (waiting) await waiting;
      positions.push({ to: 'coordinator', payload: { state: own, chain }, stream: chain });
      if (keptSteps > 0) kept.push({ to: 'coordinator', payload: { draws, chain, visit: number } });
    }
    measureHandOver(at, positions, at.postEach('position', positions), 'handOverVarianceUp');
  }
  at.postEach('draws', kept);
}

export interface Visit {
  readonly steps: number;
  /** Steps that the chain had taken before. */
  readonly firstStep: number;
  readonly frequency: number;
  readonly conducive: LinearDrift | null;
  /** Standard normals, d a step. */
  readonly noise: ReadonlyVector;
  readonly batches: Rng;
}

/**
 * The steps of a visit from its `k`-th on, in place on `state`; kept draws fill `draws`. A promise only where the objective
 * answers with one.
 */
function runVisit(
  state: Vector,
  shard: ShardDrift,
  kernel: Kernel,
  visit: Visit,
  chain: ChainSettings,
  draws: Vector,
  k = 0,
): Promise<void> | undefined {
  const { steps, firstStep, frequency, conducive, noise, batches } = visit;
  const d = shard.drift.length;
  const position = state.length === d ? state : state.subarray(0, d);
  let filled = d * keptCount(firstStep, k, chain);
  for (let next = k; next < steps; next++) {
    const waiting = shard.evaluate(position, frequency, conducive, batches);
    if (waiting)
      return waiting.then(() => {
        finishStep(next);
        return runVisit(state, shard, kernel, visit, chain, draws, next + 1);
      });
    finishStep(next);
  }
  return undefined;

  function finishStep(step: number): void {
    kernel.step(state, shard.drift, shard.meanGradient, noise, step * d);
    if (!isKept(firstStep + step + 1, chain)) return;
    draws.set(position, filled);
    filled += d;
  }
}

import type { Objective, ReadonlyVector, Rng, RoundCommon, Segment, Vector } from '../../../method.js';
import { accumulate, clip, zerosLike } from '../../../numerics/vector.js';
import { clipPerLayer, equalLayerRadii } from '../../../privacy/mechanisms/clipping.js';
import { atLeastZero, count, oneOf, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { descend, localBatches } from '../../federated/fedavg.js';

/** Settings of federated averaging under differential privacy of whole clients, however the sum is formed. */
export const updateSettings = defineSettings({
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(16, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  serverLearningRate: positive(1, 'Step size of the mean update'),
  clippingRadius: positive(1, "S: radius of one client's whole update; at first, where it adapts"),
  clipping: oneOf(
    ['flat', 'per-layer'],
    'flat',
    'The whole update, or each tensor to S / sqrt(layers), which have S together',
  ),
  noiseMultiplier: atLeastZero(1, 'z: noise standard deviation on the sum over S; 0: no noise, and not private'),
});
export type UpdateSettings = SettingsOf<typeof updateSettings>;

/** One client's whole data set is the unit: it is there or it is not. */
export const CLIENT_RELEASE = { label: 'update', unit: 'client', adjacency: 'add-remove' } as const;

/** What local training moved the client's parameters by. */
export async function localUpdate(
  params: ReadonlyVector,
  at: { readonly objective: Objective; readonly rng: Rng },
  { localEpochs, batchSize, clientLearningRate }: UpdateSettings,
): Promise<Vector> {
  const batches = localBatches(at.rng, at.objective.exampleCount, localEpochs, batchSize);
  return accumulate(await descend(at.objective, params, batches, clientLearningRate, 0), -1, params);
}

export function clippedUpdate(
  delta: ReadonlyVector,
  radius: number,
  segments: readonly Segment[],
  { clipping }: UpdateSettings,
): Vector {
  if (clipping === 'flat') return clip(delta, radius);
  return clipPerLayer(delta, segments, equalLayerRadii(radius, segments.length));
}

/** qW: the expected number of clients; depends on the scenario, never on actual attendance. */
export function expectedCount(at: Pick<RoundCommon<unknown>, 'inclusion' | 'clientCount'>): number {
  return at.inclusion * at.clientCount;
}

/** x + rate sum / (qW). */
export function movedBy(sum: ReadonlyVector, params: ReadonlyVector, rate: number, count: number): Vector {
  const next = zerosLike(params);
  const step = rate / count;
  for (let i = 0; i < next.length; i++) next[i] = params[i]! + step * sum[i]!;
  return next;
}

import { GradswarmError } from '../../../protocol/errors.js';
import type { LogPosterior } from '../../../protocol/method.js';

export interface LogDensity {
  readonly dimension: number;
  /** ln density up to a constant; writes its gradient into `gradient`. Not finite: the proposal is rejected. */
  evaluate(position: Float64Array, gradient: Float64Array): number;
}

/**
 * The whole posterior as a log-density for the reference sampler: the sum of all shards' likelihood factors and the
 * prior N(0, priorVariance I), once. Float64 objectives that answer without a promise only; throws ERR_OBJECTIVE
 * otherwise.
 */
export function posteriorDensity(
  shards: readonly LogPosterior[],
  dimension: number,
  priorVariance: number,
): LogDensity {
  const batches = shards.map(({ exampleCount }) => Uint32Array.from({ length: exampleCount }, (_, i) => i));
  const part = new Float64Array(dimension);
  return {
    dimension,
    evaluate(position, gradient) {
      let value = 0;
      for (let i = 0; i < dimension; i++) {
        gradient[i] = -position[i]! / priorVariance;
        value -= (0.5 * position[i]! * position[i]!) / priorVariance;
      }
      for (const [s, shard] of shards.entries()) {
        const batch = batches[s]!;
        const loss = shard.loss(position, batch);
        const slope = shard.gradient(position, batch, part);
        if (typeof loss !== 'number' || slope instanceof Promise)
          throw new GradswarmError('ERR_OBJECTIVE', 'the reference sampler needs objectives that answer at once');
        value -= batch.length * loss;
        for (let i = 0; i < dimension; i++) gradient[i] = gradient[i]! - batch.length * slope[i]!;
      }
      return value;
    },
  };
}

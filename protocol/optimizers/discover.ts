import { z } from 'zod';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import { GradswarmError } from '../wire/error-codes.js';
import momentum, { type MomentumSettings, type MomentumState, momentumSettings } from './momentum.js';
import type { OptimizerFamily } from './optimizer.js';

export interface DiscoverSettings extends MomentumSettings {
  readonly clusterCount: number;
  /** p_c: how often a batch is drawn from each cluster; null: equally often. */
  readonly probabilities: readonly number[] | null;
  /** a_c of a cluster of average probability; others have it times 1 / (clusterCount p_c), at most 1. */
  readonly memoryRate: number;
}

export interface DiscoverState {
  readonly base: MomentumState;
  /** m_c: running mean of each cluster's gradient. */
  readonly memories: readonly Vector[];
}

const schema: z.ZodType<DiscoverSettings> = z
  .strictObject({
    ...momentumSettings.shape,
    clusterCount: z.number().int().positive(),
    probabilities: z.array(z.number().positive()).nullable(),
    memoryRate: z.number().gt(0).max(1),
  })
  .refine(
    ({ clusterCount, probabilities }) =>
      probabilities === null ||
      (probabilities.length === clusterCount && Math.abs(probabilities.reduce((a, b) => a + b, 0) - 1) < 1e-9),
    { path: ['probabilities'], error: 'expected clusterCount positive numbers whose sum is 1, or null' },
  );

/** u = g - m_c + sum_k p_k m_k: unbiased for any memories when cluster c is drawn with probability p_c. */
export function correctedGradient(
  gradient: ReadonlyVector,
  cluster: number,
  memories: readonly ReadonlyVector[],
  probabilities: readonly number[],
): Vector {
  const own = memories[cluster]!;
  const result = zerosLike(gradient);
  for (let i = 0; i < result.length; i++) {
    let mean = 0;
    for (let k = 0; k < memories.length; k++) mean += probabilities[k]! * memories[k]![i]!;
    // The memories first: where they agree, u is g to the last bit.
    result[i] = gradient[i]! + (mean - own[i]!);
  }
  return result;
}

/** SGD with momentum on u; then m_c += a_c (g - m_c). Acts only when not every cluster is heard in each step. */
const discover: OptimizerFamily<DiscoverSettings, DiscoverState> = {
  name: 'discover',
  source:
    '"Variance Reduction in Deep Learning: More Momentum is All You Need", 2021: reconstruction from abstract and introduction; ' +
    'rule [M], about 60 % certain; memoryRate is ours.',
  defaults: { ...momentum.defaults, clusterCount: 10, probabilities: null, memoryRate: 0.1 },
  create(settings, segments) {
    const { clusterCount, probabilities, memoryRate, ...base } = checkSettings(
      "optimizer 'discover'",
      schema,
      settings,
    );
    const chances = probabilities ?? new Array<number>(clusterCount).fill(1 / clusterCount);
    const optimizer = momentum.create(base, segments);
    return {
      needs: ['cluster'],
      init: (length, precision = 'float64') => ({
        base: optimizer.init(length, precision),
        memories: chances.map(() => zeros(length, precision)),
      }),
      update(gradient, state, params, evidence) {
        const cluster = evidence?.cluster;
        const memory = cluster === undefined ? undefined : state.memories[cluster];
        if (cluster === undefined || !memory)
          throw new GradswarmError(
            'ERR_SCENARIO',
            `optimizer 'discover' needs cluster, the number of the batch's cluster from 0 to ${clusterCount - 1}; got ` +
              `${cluster}`,
          );
        const corrected = correctedGradient(gradient, cluster, state.memories, chances);
        const [next, nextBase] = optimizer.update(corrected, state.base, params);
        const rate = Math.min(1, memoryRate / (clusterCount * chances[cluster]!));
        const learned = zerosLike(memory);
        for (let i = 0; i < learned.length; i++) learned[i] = memory[i]! + rate * (gradient[i]! - memory[i]!);
        return [next, { base: nextBase, memories: state.memories.with(cluster, learned) }];
      },
    };
  },
};

export default discover;

import { GradswarmError } from '../errors.js';
import type { ReadonlyVector, Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { count, fraction, list, positive } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import type { SettingsOf } from '../settings/settings.js';
import momentum, { type MomentumState, momentumSettings } from './momentum.js';
import { type ClusterGradient, defineOptimizer, type Evidence } from './optimizer.js';

const settings = momentumSettings
  .with({
    clusterCount: count(10, 'Clusters (classes, client groups) that batches are drawn from'),
    probabilities: list(
      positive(required, 'A probability'),
      null,
      'p_c: how often a batch is drawn from each cluster; null: equally often',
    ),
    memoryRate: fraction(
      0.1,
      'a_c of a cluster of average probability; others have it times 1 / (clusterCount p_c), at most 1',
    ),
  })
  .and(({ clusterCount, probabilities }) =>
    probabilities === null ||
    (probabilities.length === clusterCount && Math.abs(probabilities.reduce((a, b) => a + b, 0) - 1) < 1e-9)
      ? null
      : { at: 'probabilities', expected: 'clusterCount positive numbers whose sum is 1, or null' },
  );

export type DiscoverSettings = SettingsOf<typeof settings>;

export interface DiscoverState {
  readonly base: MomentumState;
  /** m_c: running mean of each cluster's gradient. */
  readonly memories: readonly Vector[];
}

/**
 * u = g + sum_k (p_k - s_k) m_k, s_k the share of cluster k in the batch behind g: unbiased for any memories when clusters are
 * drawn with probabilities p. A batch of one cluster c gives g - m_c + sum_k p_k m_k; where every cluster has its due share, u = g.
 */
export function correctedGradient(
  gradient: ReadonlyVector,
  received: readonly { readonly cluster: number; readonly share: number }[],
  memories: readonly ReadonlyVector[],
  probabilities: readonly number[],
): Vector {
  const excess = Float64Array.from(probabilities);
  for (const { cluster, share } of received) excess[cluster] = excess[cluster]! - share;
  const result = zerosLike(gradient);
  for (let i = 0; i < result.length; i++) {
    let correction = 0;
    for (let k = 0; k < memories.length; k++) correction += excess[k]! * memories[k]![i]!;
    result[i] = gradient[i]! + correction;
  }
  return result;
}

/** The clusters behind a gradient. Throws ERR_SCENARIO when none or an unknown one is named. */
function receivedClusters(
  gradient: ReadonlyVector,
  evidence: Evidence | undefined,
  clusterCount: number,
): readonly ClusterGradient[] {
  const { cluster, clusters } = evidence ?? {};
  const received = clusters ?? (cluster === undefined ? [] : [{ cluster, share: 1, gradient }]);
  const known = (one: number) => Number.isInteger(one) && one >= 0 && one < clusterCount;
  if (received.length > 0 && received.every((one) => known(one.cluster))) return received;
  throw new GradswarmError(
    'ERR_SCENARIO',
    `optimizer 'discover' needs cluster, the number of the batch's cluster from 0 to ${clusterCount - 1}; got ` +
      `${clusters ? clusters.map((one) => one.cluster).join(', ') : cluster}`,
  );
}

/** SGD with momentum on u; then m_c += a_c (g - m_c). Acts only when not every cluster is received in each step. */
const discover = defineOptimizer<DiscoverSettings, DiscoverState>({
  name: 'discover',
  source:
    '"Variance Reduction in Deep Learning: More Momentum is All You Need", 2021: reconstruction from abstract and introduction; ' +
    'rule is reconstructed, about 60 % certain, not checked against the paper; memoryRate is ours.',
  settings,
  create({ clusterCount, probabilities, memoryRate, ...base }, segments) {
    const chances = probabilities ?? new Array<number>(clusterCount).fill(1 / clusterCount);
    const optimizer = momentum.create(base, segments);
    return {
      needs: ['cluster'],
      init: (length, precision = 'float64') => ({
        base: optimizer.init(length, precision),
        memories: chances.map(() => zeros(length, precision)),
      }),
      update(gradient, state, params, evidence) {
        const received = receivedClusters(gradient, evidence, clusterCount);
        const corrected = correctedGradient(gradient, received, state.memories, chances);
        const [next, nextBase] = optimizer.update(corrected, state.base, params);
        const memories = [...state.memories];
        for (const { cluster, gradient: own } of received) {
          const rate = Math.min(1, memoryRate / (clusterCount * chances[cluster]!));
          const memory = state.memories[cluster]!;
          const learned = zerosLike(memory);
          for (let i = 0; i < learned.length; i++) learned[i] = memory[i]! + rate * (own[i]! - memory[i]!);
          memories[cluster] = learned;
        }
        return [next, { base: nextBase, memories }];
      },
    };
  },
});

export default discover;

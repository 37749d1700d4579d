import type { ReadonlyVector } from '../../protocol/method.js';

/** E |estimate - gradient of the log-posterior|^2 at one point, split by cause. */
export interface GradientVariance {
  /** From the mini-batch inside a shard; falls as 1/m. */
  readonly withinShards: number;
  /** From which shard was visited; does not fall with m. Conducive gradients remove this part. */
  readonly betweenShards: number;
}

/** One shard at one point. */
export interface ShardGradients {
  /** Gradient of ln p(x_i | theta) for each example. */
  readonly examples: readonly ReadonlyVector[];
  /** Gradient of the surrogate's logarithm, ln q_s(theta); left out: none, DSGLD. */
  readonly surrogate?: ReadonlyVector;
}

/**
 * Exact variance of the distributed estimator (N_s / (f_s m)) sum over a batch drawn with replacement, shard s drawn
 * with probability f_s:
 *
 *   (1/m) sum_s (N_s^2 / f_s) tr Cov_s  +  sum_s |G_s|^2 / f_s - |sum_s G_s|^2,   G_s = grad ln p(x_s) - grad ln q_s.
 *
 * [D] Derived for this project; the published bounds (El Mekkaoui et al., UAI 2021, theorems 1 and 2) lack the second
 * part, because batch members share the random shard.
 */
export function gradientVariance(
  shards: readonly ShardGradients[],
  frequencies: readonly number[],
  batchSize: number,
): GradientVariance {
  const d = shards[0]!.examples[0]!.length;
  const total = new Float64Array(d);
  let withinShards = 0;
  let betweenShards = 0;
  for (const [s, { examples, surrogate }] of shards.entries()) {
    const n = examples.length;
    const f = frequencies[s]!;
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (const gradient of examples) sum += gradient[j]!;
      let square = 0;
      for (const gradient of examples) square += (gradient[j]! - sum / n) * (gradient[j]! - sum / n);
      withinShards += ((n * n) / f) * (square / n / batchSize);
      const residual = sum - (surrogate?.[j] ?? 0);
      betweenShards += (residual * residual) / f;
      total[j] = total[j]! + residual;
    }
  }
  for (let j = 0; j < d; j++) betweenShards -= total[j]! * total[j]!;
  return { withinShards, betweenShards };
}

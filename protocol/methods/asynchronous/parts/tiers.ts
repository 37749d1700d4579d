import type { ClientIndex, ReadonlyVector, Vector } from '../../../method.js';
import { accumulate, scale, zerosLike } from '../../../numerics/vector.js';

/** One tier: clients of about one speed, which do rounds of their own. */
export interface Tier {
  /** In order of their first answers. The last tier: all that have none yet are its members too. */
  readonly members: readonly ClientIndex[];
  /** w_m: the mean of its last round; the initial model before. */
  readonly params: Vector;
  /** T_m: its rounds so far. */
  readonly rounds: number;
  /** Who has answered in its present round. */
  readonly back: readonly ClientIndex[];
  /** Sum of weights, and of answers times weights, of its present round. */
  readonly weight: number;
  readonly sum: Float64Array;
  /** Those of its present round in order of arrival, where a robust sum will look at them. */
  readonly answers?: readonly TierAnswer[];
}

export interface TierAnswer {
  readonly examples: number;
  readonly params: ReadonlyVector;
}

type RobustSum = (answers: readonly TierAnswer[], around: ReadonlyVector) => readonly TierAnswer[];

export function beginTiers(count: number, params: Vector): readonly Tier[] {
  const sum = new Float64Array(params.length);
  return Array.from({ length: count }, () => ({ members: [], params, rounds: 0, back: [], weight: 0, sum }));
}

/** Clients of tier m: n / count of n, the first ones one more where that is no whole number. */
export function sizeOf(m: number, count: number, clientCount: number): number {
  return Math.floor(clientCount / count) + (m < clientCount % count ? 1 : 0);
}

/**
 * Tier of a client: its own, or for a first answer the fastest that is not full. First answers come in order of speed, device
 * and links together, so the n / count fastest clients are the first tier.
 */
export function tierOf(tiers: readonly Tier[], client: ClientIndex, clientCount: number): number {
  const own = tiers.findIndex(({ members }) => members.includes(client));
  if (own >= 0) return own;
  return tiers.findIndex(({ members }, m) => members.length < sizeOf(m, tiers.length, clientCount));
}

/** `keeps`: a robust sum will look at the answer. */
export function withAnswer(
  tier: Tier,
  client: ClientIndex,
  weight: number,
  params: ReadonlyVector,
  keeps = false,
): Tier {
  return {
    ...tier,
    members: tier.members.includes(client) ? tier.members : [...tier.members, client],
    back: [...tier.back, client],
    weight: tier.weight + weight,
    sum: accumulate(tier.sum.slice(), weight, params) as Float64Array,
    ...(keeps && { answers: [...(tier.answers ?? []), { examples: weight, params }] }),
  };
}

/** The round of a tier is over: its model is the mean of what came, or of what a robust sum around its last model leaves of that. */
export function withRoundDone(tier: Tier, robust: RobustSum | null = null): Tier {
  const { answers, ...kept } = tier;
  const params = zerosLike(tier.params);
  let sum = tier.sum;
  if (robust && answers) {
    sum = new Float64Array(params.length);
    for (const { examples, params: left } of robust(answers, tier.params)) accumulate(sum, examples, left);
  }
  for (let i = 0; i < params.length; i++) params[i] = sum[i]! / tier.weight;
  return { ...kept, params, rounds: tier.rounds + 1, back: [], weight: 0, sum: new Float64Array(params.length) };
}

/**
 * sum_m T'_{M+1-m} / T' w_m with T' = 1 + T_m and T' also their sum: the model of the slowest tier has the weight of the fastest one's
 * rounds. Equal weights: 1 / M each.
 */
export function merge(tiers: readonly Tier[], crossed: boolean): Vector {
  const counts = tiers.map(({ rounds }) => (crossed ? 1 + rounds : 1));
  const total = counts.reduce((sum, each) => sum + each, 0);
  return tiers.reduce(
    (merged, { params }, m) => accumulate(merged, counts[tiers.length - 1 - m]! / total, params),
    scale(0, tiers[0]!.params),
  );
}

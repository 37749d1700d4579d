import type { Objective, ReadonlyVector, Rng, Vector } from '../../../method.js';
import { accumulate, squaredNorm } from '../../../numerics/vector.js';
import { count, fraction, oneOf } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';

export const importanceSettings = defineSettings({
  by: oneOf(
    ['gradient-norm', 'loss'],
    'gradient-norm',
    "An example's score: the norm of its gradient, which has the least variance, or its loss, which is cheaper",
  ),
  everyRounds: count(10, 'Rounds from one pass over the shard for its scores to the next'),
  uniform: fraction(
    0.1,
    'lambda of p_i = lambda / n + (1 - lambda) score_i / sum of scores: no weight exceeds 1 / lambda',
  ),
});
export type ImportanceSettings = SettingsOf<typeof importanceSettings>;

/** A client's scores of its examples, and the round of the pass. */
export interface Scores {
  readonly round: number;
  readonly scores: Float64Array;
}

/** Examples of a batch, drawn with replacement, and the weight of each one's gradient. */
export interface WeightedBatch {
  readonly batch: Uint32Array;
  readonly weights: Float64Array;
}

/** The scores, or new ones at these parameters where there are none or they are too old. */
export async function refreshed(
  state: Scores | null,
  round: number,
  { by, everyRounds }: ImportanceSettings,
  objective: Objective,
  params: ReadonlyVector,
): Promise<Scores> {
  const { exampleCount } = objective;
  if (state && round - state.round < everyRounds && state.scores.length === exampleCount) return state;
  const scores = new Float64Array(exampleCount);
  if (by === 'loss')
    for (let i = 0; i < exampleCount; i++) scores[i] = Math.max(0, await objective.loss(params, Uint32Array.of(i)));
  else {
    let i = 0;
    const all = Uint32Array.from(scores, (_, example) => example);
    for await (const gradient of objective.exampleGradients(params, all))
      scores[i++] = Math.sqrt(squaredNorm(gradient));
  }
  return { round, scores };
}

/** p_i = lambda / n + (1 - lambda) score_i / sum of scores; all equal where the sum is 0 or not finite. */
export function probabilitiesOf(scores: Float64Array, lambda: number): Float64Array {
  const { length } = scores;
  const sum = scores.reduce((total, score) => total + score, 0);
  const informative = sum > 0 && sum < Number.POSITIVE_INFINITY;
  return scores.map((score) => (informative ? lambda / length + ((1 - lambda) * score) / sum : 1 / length));
}

/** `size` independent draws by p, each with the weight 1 / (n p_i): the mean of weighted gradients is unbiased for the shard's. */
export function drawWeighted(rng: Rng, probabilities: Float64Array, size: number): WeightedBatch {
  const { length } = probabilities;
  const upTo = new Float64Array(length);
  let sum = 0;
  for (let i = 0; i < length; i++) upTo[i] = sum += probabilities[i]!;
  const batch = new Uint32Array(size);
  for (let draw = 0; draw < size; draw++) {
    const at = rng.uniform() * sum;
    let [low, high] = [0, length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at < upTo[middle]!) high = middle;
      else low = middle + 1;
    }
    batch[draw] = low;
  }
  return { batch, weights: Float64Array.from(batch, (i) => 1 / (length * probabilities[i]!)) };
}

/** (1 / b) sum over the batch of weight_i g_i(params), into zeros. */
export async function weightedGradient(
  objective: Objective,
  params: ReadonlyVector,
  { batch, weights }: WeightedBatch,
  into: Vector,
): Promise<Vector> {
  const sum = new Float64Array(into.length);
  let i = 0;
  for await (const gradient of objective.exampleGradients(params, batch))
    accumulate(sum, weights[i++]! / batch.length, gradient);
  into.set(sum);
  return into;
}

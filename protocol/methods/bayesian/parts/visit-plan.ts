import { GradswarmError } from '../../../errors.js';
import type { Rng } from '../../../method.js';
import { categorical } from '../../../numerics/distributions.js';
import { count, list, oneOf, positive } from '../../../settings/kinds.js';
import { required } from '../../../settings/setting.js';
import { type Conflict, defineSettings, type SettingsOf } from '../../../settings/settings.js';

/** Which chain visits which client, for how long, and the frequencies that the gradient's scaling assumes. */
export const planSettings = {
  delay: count(10, 'Steps T of one visit; with `responseDelays` their mean over uniform visits'),
  visitsPerRound: count(1, "Visits of each chain in a round: hand-overs that share a round's bookkeeping"),
  // 'categorical' is FSGLD's listing, 'permutation' DSGLD's scheduler.
  schedule: oneOf(
    ['categorical', 'permutation'],
    'categorical',
    'Each chain draws its next shard independently, or shards are dealt to chains by a random permutation, so that no two of up ' +
      'to S chains meet and visits are uniform',
  ),
  visitBy: oneOf(
    ['examples', 'uniform', 'weights'],
    'examples',
    'Visit probabilities of the categorical schedule: N_s / N, equal, or `visitWeights`',
  ),
  visitWeights: list(positive(required, 'A weight'), [], "One weight a client with visitBy 'weights'"),
  assumedWeights: list(
    positive(required, 'A weight'),
    [],
    'Believed step frequencies f_s, up to a factor, where they are not the true ones; empty: the true ones',
  ),
  responseDelays: list(
    positive(required, 'A time'),
    [],
    'Time in any unit that a step takes on each shard: visits are then uniform and their lengths T_s proportional to 1 / delay, ' +
      'so that all visits take equally long; empty: every visit has `delay` steps',
  ),
};
const settings = defineSettings(planSettings);
export type PlanSettings = SettingsOf<typeof settings>;

/** Weights belong to visits by weights, and uniform visits to permutations and response delays. */
export function planConflict({ schedule, visitBy, visitWeights, responseDelays }: PlanSettings): Conflict | null {
  if ((visitBy === 'weights') !== visitWeights.length > 0)
    return { at: 'visitWeights', expected: "one weight a client with visitBy 'weights', and none otherwise" };
  const uniform = schedule === 'permutation' || responseDelays.length > 0;
  if (uniform && visitBy !== 'uniform')
    return { at: 'visitBy', expected: "'uniform' with schedule 'permutation' and with responseDelays" };
  return null;
}

function refuse(setting: string, expected: string, got: unknown): never {
  throw new GradswarmError('ERR_SCENARIO', `method.${setting}: expected ${expected}, got ${JSON.stringify(got)}`);
}

export interface VisitPlan {
  /** Of a visit, by client. */
  readonly probabilities: Float64Array;
  /** Steps of a visit, by client. */
  readonly steps: Uint32Array;
  /** f_s as the scaling N_s / (f_s m) has it: the share of all steps, not of visits. */
  readonly frequencies: Float64Array;
}

function perClient(setting: string, values: readonly number[], clientCount: number): readonly number[] {
  if (values.length !== clientCount) refuse(setting, `${clientCount} numbers, one a client`, values);
  return values;
}

function normalised(weights: ArrayLike<number>): Float64Array {
  let total = 0;
  for (let s = 0; s < weights.length; s++) total += weights[s]!;
  return Float64Array.from(weights, (weight) => weight / total);
}

/** T_s = T S (1/d_s) / sum_z (1/d_z), rounded, at least 1 (Ahn et al., section 3.3). */
function balancedSteps(delay: number, responseDelays: readonly number[]): Uint32Array {
  const rates = normalised(responseDelays.map((seconds) => 1 / seconds));
  return Uint32Array.from(rates, (rate) => Math.max(1, Math.floor(delay * rates.length * rate + 0.5)));
}

/**
 * `exampleCounts`: N_s by client; a shard that is empty, or whose size was not received, has 0. No chain goes there: it would
 * learn nothing, and without the shard's surrogate it would be biased for all others.
 */
export function visitPlan(settings: PlanSettings, exampleCounts: ArrayLike<number>): VisitPlan {
  const clientCount = exampleCounts.length;
  const { delay, visitBy, visitWeights, assumedWeights, responseDelays } = settings;
  const weights =
    visitBy === 'examples'
      ? exampleCounts
      : visitBy === 'weights'
        ? perClient('visitWeights', visitWeights, clientCount)
        : new Float64Array(clientCount).fill(1);
  const known = (value: number, s: number) => (exampleCounts[s]! > 0 ? value : 0);
  const probabilities = normalised(Float64Array.from(weights, known));
  const steps =
    responseDelays.length > 0
      ? balancedSteps(delay, perClient('responseDelays', responseDelays, clientCount))
      : new Uint32Array(clientCount).fill(delay);
  const frequencies = normalised(
    assumedWeights.length > 0
      ? perClient('assumedWeights', assumedWeights, clientCount).map(known)
      : probabilities.map((probability, s) => probability * steps[s]!),
  );
  return { probabilities, steps, frequencies };
}

/**
 * The client of every visit of a round: entry [visit * chains + chain]. A function of the round's shared stream; under
 * 'categorical' the shards of one chain do not depend on the other chains.
 */
export function drawSchedule(
  { schedule, visitsPerRound, chains }: PlanSettings & { readonly chains: number },
  { probabilities }: VisitPlan,
  shared: Rng,
): Uint32Array {
  const shards = new Uint32Array(visitsPerRound * chains);
  const stream = shared.derive('schedule');
  for (let chain = 0; chain < chains && schedule === 'categorical'; chain++) {
    const own = stream.derive('chain', chain);
    for (let visit = 0; visit < visitsPerRound; visit++)
      shards[visit * chains + chain] = categorical(own, probabilities);
  }
  const open = Array.from(probabilities.keys()).filter((client) => probabilities[client]! > 0);
  for (let visit = 0; visit < visitsPerRound && schedule === 'permutation'; visit++)
    for (let chain = 0; chain < chains; chain += open.length) {
      const dealt = stream.derive('deal', visit, chain).permutation(open.length);
      for (let k = 0; k < open.length && chain + k < chains; k++) shards[visit * chains + chain + k] = open[dealt[k]!]!;
    }
  return shards;
}

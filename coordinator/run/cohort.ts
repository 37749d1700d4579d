import { GradswarmError } from '../../protocol/errors.js';
import type { AnyMethod, ClientIndex, Rng } from '../../protocol/method.js';
import type { SamplingCoins } from '../../protocol/privacy/mechanisms/private-coins.js';
import type { Participation } from '../../protocol/scenario/scenario.js';

/** Probability that a given client is in a round's cohort, when the host draws it. */
export function inclusionProbability(participation: Participation, clientCount: number): number {
  return participation.cohort === 'all' ? 1 : Math.min(1, participation.cohort / clientCount);
}

/**
 * The clients of a round, ascending: the method's own choice, or drawn from the round's shared stream; a Poisson cohort from
 * `coins` where there are some.
 */
export function drawCohort(
  participation: Participation,
  clientCount: number,
  shared: Rng,
  method: AnyMethod,
  state: unknown,
  index: number,
  hyperparameters: unknown,
  coins: SamplingCoins | null = null,
): readonly ClientIndex[] {
  const own = method.coordinator?.cohort;
  if (own) {
    const chosen = [...new Set(own(state as object, { index, clientCount, hyperparameters, shared }))].sort(
      (a, b) => a - b,
    );
    const wrong = chosen.find((client) => !(Number.isInteger(client) && client >= 0 && client < clientCount));
    if (wrong !== undefined)
      throw new GradswarmError(
        'ERR_HALF_FAILED',
        `round ${index}: cohort of '${method.name}' named client ${wrong}; expected indices in [0, ${clientCount})`,
      );
    return chosen;
  }
  const stream = shared.derive('cohort');
  if (participation.cohort === 'all') return everybody(clientCount);
  if (participation.sampling === 'poisson') {
    const probability = inclusionProbability(participation, clientCount);
    return Array.from(coins ? coins.coins(clientCount, probability) : stream.poisson(clientCount, probability));
  }
  return Array.from(stream.batch(clientCount, participation.cohort).sort());
}

let all: readonly ClientIndex[] = [];

/** Built once: a thousand peers of a peers-only method are asked for every round. */
function everybody(clientCount: number): readonly ClientIndex[] {
  if (all.length !== clientCount) all = Array.from({ length: clientCount }, (_, client) => client);
  return all;
}

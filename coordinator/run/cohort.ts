import { GradswarmError } from '../../protocol/errors.js';
import { type AnyMethod, allClients, type ClientIndex, type Rng } from '../../protocol/method.js';
import type { RunSite } from '../../protocol/party/run-site.js';
import type { SamplingCoins } from '../../protocol/privacy/mechanisms/private-coins.js';
import type { Participation, Scenario } from '../../protocol/scenario/scenario.js';

/** Probability that a given client is in a round's cohort, when the host draws it. */
export function inclusionProbability(participation: Participation, clientCount: number): number {
  return participation.cohort === 'all' ? 1 : Math.min(1, participation.cohort / clientCount);
}

/** What a round's cohort depends on. */
interface CohortDraw {
  readonly participation: Participation;
  readonly clientCount: number;
  /** The round's shared stream. */
  readonly shared: Rng;
  readonly method: AnyMethod;
  /** The coordinator's, before the round. */
  readonly state: unknown;
  /** Number of the round, from 0. */
  readonly index: number;
  readonly hyperparameters: unknown;
  /** Secret coins of a Poisson cohort; null: from `shared`. */
  readonly coins: SamplingCoins | null;
}

/**
 * The clients of a round, ascending: the method's own choice, or drawn from the round's shared stream; a Poisson cohort from
 * `coins` where there are some.
 */
function drawCohort({
  participation,
  clientCount,
  shared,
  method,
  state,
  index,
  hyperparameters,
  coins,
}: CohortDraw): readonly ClientIndex[] {
  const own = method.cohort?.(state as object, { index, clientCount, hyperparameters, shared });
  if (own) {
    const chosen = [...new Set(own)].sort((a, b) => a - b);
    const wrong = chosen.find((client) => !(Number.isInteger(client) && client >= 0 && client < clientCount));
    if (wrong !== undefined)
      throw new GradswarmError(
        'ERR_HALF_FAILED',
        `round ${index}: cohort of '${method.name}' named client ${wrong}; expected indices in [0, ${clientCount})`,
      );
    return chosen;
  }
  const stream = shared.derive('cohort');
  if (participation.cohort === 'all') return allClients(clientCount);
  if (participation.sampling === 'poisson') {
    const probability = inclusionProbability(participation, clientCount);
    return Array.from(coins ? coins.coins(clientCount, probability) : stream.poisson(clientCount, probability));
  }
  return Array.from(stream.batch(clientCount, participation.cohort).sort());
}

/** The clients of the run's next round. */
export function invitedTo(index: number, { participation, clients }: Scenario, site: RunSite): readonly ClientIndex[] {
  const { method, hyperparameters, coins } = site.host;
  return drawCohort({
    participation,
    clientCount: clients,
    shared: site.host.sharedStream(index),
    method,
    state: method.coordinator ? site.party('coordinator').record.state : undefined,
    index,
    hyperparameters,
    coins,
  });
}

import { MessageRefused } from '../../errors.js';
import { allClients, defineSampler, type PartyId, type ReadonlyVector, type Rng, type Vector } from '../../method.js';
import { copy } from '../../numerics/vector.js';
import { count, integer, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { ofLengths } from '../parts/fits.js';
import { chainSettings, startsOfChains } from './parts/chains.js';
import { localDraws } from './parts/local-surrogate.js';
import { COMBINATIONS, type Combination, combineDraws, isCombinable } from './parts/product-of-draws.js';
import { joined, parted } from './parts/served-chains.js';

/**
 * Embarrassingly parallel: every client samples p(theta)^(1/S) p(x_s | theta) alone and sends its draws, once a round. One
 * round is the published method; more rounds continue the local chains.
 */
const settings = defineSettings({
  ...chainSettings,
  burnInSteps: integer(100, 'Discarded steps of the local chains, in the first round only', { least: 0 }),
  thin: count(1, 'Local steps between two draws'),
  drawsPerRound: count(
    100,
    'Draws of each chain in a round, more than there are parameters: a chain’s weights come from them',
  ),
  stepSize: positive(1e-3, 'h of the local SGLD'),
  batchSize: integer(0, 'Examples m of a step; 0: the whole shard', { least: 0 }),
  combination: oneOf(COMBINATIONS, 'weighted', 'Consensus Monte Carlo, the parametric product, or the plain mean'),
});
interface Client {
  readonly positions: readonly Vector[];
}

interface Server {
  readonly positions: readonly Vector[];
  readonly draws: readonly Vector[];
}

export default defineSampler({
  name: 'consensus-monte-carlo',
  paper: {
    title: 'Bayes and Big Data: The Consensus Monte Carlo Algorithm',
    url: 'https://doi.org/10.1080/17509255.2016.1142191',
    algorithm:
      'Consensus Monte Carlo with matrix weights; combination "product" is the parametric estimator of Neiswanger, Wang and Xing (UAI 2014)',
    reconstruction:
      'Reconstructed, not checked against the paper. The local sampler is SGLD; the papers leave it open.',
  },
  settings,
  /** `localVariance`: a coordinate's, of the draws of a round, largest over shards and chains. */
  measures: ['shardsMissing', 'localVariance'],
  messages: {
    /** All chains, one after the other, each draw after draw. */
    draws: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['draws'],
      otherLengths: ['draws'],
      losable: 'no',
      most: 1,
      fits: ofLengths(({ hyperparameters: { chains, drawsPerRound }, parameterCount }) => ({
        draws: chains * drawsPerRound * parameterCount,
      })),
    },
  },
  cohort: (_state, { clientCount }) => allClients(clientCount),
  client: ({ hyperparameters }) => {
    const { drawsPerRound, burnInSteps } = hyperparameters;
    return {
      init: (setup): Client => ({ positions: startsOfChains(setup, 0) }),
      async round({ positions }, at): Promise<Client> {
        const settings = {
          ...hyperparameters,
          draws: drawsPerRound,
          burnInSteps: at.index === 0 ? burnInSteps : 0,
        };
        const all: Vector[] = [];
        const ends: Vector[] = [];
        for (const [chain, position] of positions.entries()) {
          const stream = at.rng.derive('chain', chain);
          const draws = await localDraws(at.objective, settings, position, at.clientCount, stream);
          all.push(...draws);
          ends.push(draws.at(-1)!);
        }
        at.post('draws', 'coordinator', { draws: joined(all, (length) => at.zeros(length)) });
        return { positions: ends };
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const { chains, drawsPerRound, combination } = hyperparameters;
    return {
      init: (setup): Server => ({ positions: startsOfChains(setup, 0), draws: [] }),
      async round(before, at): Promise<Server> {
        const received = await at.take('draws');
        const sets = received.map(({ draws }) => parted(draws, chains * drawsPerRound));
        if (sets.length < at.clientCount) at.measure('shardsMissing', at.clientCount - sets.length);
        if (sets.length === 0) return { ...before, draws: [] };
        // A shard whose chain runs away has next to no weight, and then none: the combined draws do not show it.
        at.measure('localVariance', largestVariance(sets.flatMap((all) => partsOf(all, drawsPerRound))));
        const d = at.zeros().length;
        // Weights are those of a chain's own draws: an error in common ones would move all chains alike, and R-hat would not show it.
        const draws = Array.from({ length: chains }, (_, chain) => {
          const ofChain = sets.map((all) => all.slice(chain * drawsPerRound, (chain + 1) * drawsPerRound));
          const rule = combination as Combination;
          const combined = combinedOf(
            ofChain,
            rule,
            at.shared.derive('product', chain),
            (client) => received[client]!.from,
          );
          const own = at.zeros(drawsPerRound * d);
          for (const [j, draw] of combined.entries()) own.set(draw, j * d);
          return own;
        });
        return { draws, positions: draws.map((own) => copy(own.subarray(own.length - d))) };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
    };
  },
});

function partsOf(draws: readonly ReadonlyVector[], length: number): (readonly ReadonlyVector[])[] {
  return Array.from({ length: draws.length / length }, (_, chain) => draws.slice(chain * length, (chain + 1) * length));
}

/** Mean over the coordinates of the variance of a chain's draws, divisor their number; of the chain that has the largest. */
function largestVariance(chains: readonly (readonly ReadonlyVector[])[]): number {
  let largest = 0;
  for (const draws of chains) {
    const d = draws[0]!.length;
    let total = 0;
    for (let j = 0; j < d; j++) {
      let mean = 0;
      for (const draw of draws) mean += draw[j]! / draws.length;
      for (const draw of draws) total += (draw[j]! - mean) ** 2 / draws.length;
    }
    largest = Math.max(largest, total / d);
  }
  return largest;
}

/** Throws MessageRefused where one client's draws have no inverse covariance; where all have none, it is the settings' fault. */
function combinedOf(
  sets: readonly (readonly ReadonlyVector[])[],
  rule: Combination,
  rng: Rng,
  senderOf: (set: number) => PartyId,
): Float64Array[] {
  try {
    return combineDraws(sets, rule, rng);
  } catch (error) {
    const useless = sets.findIndex((own) => !isCombinable(own));
    if (useless < 0 || !sets.some(isCombinable)) throw error;
    throw new MessageRefused(senderOf(useless), 'draws', 'draws with a positive definite covariance');
  }
}

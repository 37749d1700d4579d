import { GradswarmError } from '../../errors.js';
import { defineSampler, type Vector } from '../../method.js';
import { copy, scale } from '../../numerics/vector.js';
import { count, integer, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { chainSettings } from './parts/chains.js';
import { type Kernel, langevin } from './parts/kernels.js';
import { allChains, DrawKeeper, joined, parted, type ServedChains, startServed } from './parts/served-chains.js';
import { ShardDrift } from './parts/shard-drift.js';

const settings = defineSettings({
  stepSize: positive(1e-3, 'h: drift times h / 2, noise h'),
  batchSize: integer(0, 'Examples m of a step on every client; 0: the whole shard', { least: 0 }),
  stepsPerRound: count(1, 'Steps of every chain in a round'),
  ...chainSettings,
});
export default defineSampler({
  name: 'sgld',
  paper: {
    title: 'Bayesian Learning via Stochastic Gradient Langevin Dynamics',
    url: 'https://www.stats.ox.ac.uk/~teh/research/compstats/WelTeh2011a.pdf',
    algorithm: 'eq. 4 with a constant step size',
    reconstruction:
      "The paper has one data set. Here every step sums the estimates of all shards (each from its own batch, each with its share of the prior); with one client it is the paper's sampler.",
  },
  settings,
  checkPlan({ chains }, { clients, participation: { cohort, sampling } }) {
    const all = sampling === 'fixed' && (cohort === 'all' || cohort >= clients);
    if (chains === 1 || all) return;
    // Chains that share their participants move together, and R-hat and effective sizes would be meaningless.
    throw new GradswarmError(
      'ERR_SCENARIO',
      `method.chains: expected 1, since a cohort would be common to all chains, got ${chains} with participation.cohort ` +
        `${cohort}, sampling '${sampling}'; method qlsd draws participants for each chain`,
    );
  },
  messages: {
    /** All chains, one after the other. */
    positions: { from: 'coordinator', to: 'cohort', vectors: ['positions'], otherLengths: ['positions'] },
    gradients: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradients'],
      otherLengths: ['gradients'],
      fits: allChains('gradients'),
    },
  },
  client: ({ hyperparameters }) => {
    const { batchSize, stepsPerRound, chains } = hyperparameters;
    return {
      init: () => null,
      async round(state, at) {
        const shard = new ShardDrift(at.objective, at.zeros(0), at.zeros().length, batchSize, 1 / at.clientCount);
        const batches = Array.from({ length: chains }, (_, chain) => at.rng.derive('chain', chain, 0));
        for (let step = 0; step < stepsPerRound; step++) {
          const [message] = await at.take('positions');
          if (!message) {
            // Post an empty step, so that step numbers stay aligned.
            at.postEach('gradients', []);
            continue;
          }
          const gradients: Vector[] = [];
          for (const [chain, position] of parted(message.positions, chains).entries()) {
            await shard.evaluate(position, 1, null, batches[chain]!);
            gradients.push(copy(shard.drift));
          }
          at.post('gradients', 'coordinator', { gradients: joined(gradients, (length) => at.zeros(length)) });
        }
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const { stepSize, stepsPerRound } = hyperparameters;
    return {
      init: (setup): ServedChains => startServed(setup),
      async round(before, at): Promise<ServedChains> {
        const kernel = langevin(stepSize);
        const zeros = (length?: number) => at.zeros(length);
        const d = zeros().length;
        const noise = before.positions.map((_, chain) => at.shared.derive('chain', chain, 0).normal(stepsPerRound * d));
        const keeper = new DrawKeeper(hyperparameters);
        let { positions } = before;
        for (let step = 0; step < stepsPerRound; step++) {
          at.post('positions', at.cohort, { positions: joined(positions, zeros) });
          const mean = new WeightedMean();
          for await (const { gradients } of at.stream('gradients')) mean.add(1, gradients);
          if (mean.weight > 0) positions = moved(positions, mean.value(), kernel, noise, step * d, at.clientCount);
          keeper.keep(before.steps + step + 1, positions);
        }
        return { positions, steps: before.steps + stepsPerRound, draws: keeper.finish(zeros) };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
    };
  },
});

/** One step of every chain. `mean`: of the gradients received, which represent the absent clients too. */
function moved(
  positions: readonly Vector[],
  mean: Vector,
  kernel: Kernel,
  noise: readonly Vector[],
  at: number,
  clientCount: number,
): Vector[] {
  const drifts = parted(scale(clientCount, mean), positions.length);
  return positions.map((position, chain) => {
    const next = copy(position);
    kernel.step(next, drifts[chain]!, drifts[chain]!, noise[chain]!, at);
    return next;
  });
}

import { allClients, defineSampler, type ReadonlyVector, type Vector } from '../../method.js';
import { copy } from '../../numerics/vector.js';
import { atLeastZero, count, integer, oneOf, positive, probability } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { chainSettings } from './parts/chains.js';
import { allChains, DrawKeeper, joined, parted, type ServedChains, startServed } from './parts/served-chains.js';
import { ShardDrift } from './parts/shard-drift.js';
import { requireExamples } from './parts/shard-sizes.js';

const settings = defineSettings({
  stepSize: positive(1e-3, 'h of the average: drift times h / 2, noise h; the authors write eta = h / 2'),
  batchSize: integer(0, 'Examples m of a step; 0: the whole shard', { least: 0 }),
  localSteps: count(10, 'K: steps of every client between two averages'),
  weightBy: oneOf(['examples', 'uniform'], 'examples', 'p_c: N_c / N, or equal'),
  commonNoise: probability(0, 'rho: share rho^2 of the noise variance is common to all clients'),
  temperature: atLeastZero(1, 'tau; 1 samples the posterior'),
  ...chainSettings,
});
type Settings = SettingsOf<typeof settings>;

interface Server extends ServedChains {
  /** p_c by client; null before the first round. */
  readonly weights: Float64Array | null;
}

/** K steps with energy f^c = U_c / p_c, in place. */
async function localSteps(
  position: Vector,
  shard: ShardDrift,
  weight: number,
  { stepSize, localSteps: count, commonNoise, temperature }: Settings,
  noise: { readonly common: ReadonlyVector; readonly own: ReadonlyVector },
  batches: Parameters<ShardDrift['evaluate']>[3],
): Promise<void> {
  const d = position.length;
  const common = Math.sqrt(stepSize * temperature) * commonNoise;
  const own = Math.sqrt((stepSize * temperature * (1 - commonNoise * commonNoise)) / weight);
  for (let k = 0; k < count; k++) {
    const waiting = shard.evaluate(position, weight, null, batches);
    if (waiting) await waiting;
    for (let i = 0, at = k * d; i < d; i++, at++)
      position[i] = position[i]! + 0.5 * stepSize * shard.drift[i]! + common * noise.common[at]! + own * noise.own[at]!;
  }
}

export default defineSampler({
  name: 'fa-ld',
  paper: {
    title: 'On Convergence of Federated Averaging Langevin Dynamics',
    url: 'https://arxiv.org/abs/2112.05120',
    algorithm: 'FA-LD with full participation',
    reconstruction:
      'Reconstructed, not checked against the paper. That the noise of the average is that of one Langevin step for every commonNoise was derived here.',
  },
  settings,
  measures: ['shardsMissing'],
  messages: {
    size: { from: 'clients', to: 'coordinator', scalars: ['examples'], losable: 'no' },
    weight: { from: 'coordinator', to: 'cohort', scalars: ['weight'], losable: 'no' },
    /** All chains, one after the other. */
    positions: { from: 'coordinator', to: 'cohort', vectors: ['positions'], otherLengths: ['positions'] },
    local: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['positions'],
      otherLengths: ['positions'],
      fits: allChains('positions'),
    },
  },
  cohort: (_state, { clientCount }) => allClients(clientCount),
  client: ({ hyperparameters }) => {
    const { batchSize, chains, localSteps: count } = hyperparameters;
    return {
      init: (): { readonly weight: number } => ({ weight: 0 }),
      async round(state, at) {
        let { weight } = state;
        if (at.index === 0) {
          at.post('size', 'coordinator', { examples: at.objective.exampleCount });
          weight = (await at.take('weight'))[0]?.weight ?? 0;
        }
        const [message] = await at.take('positions');
        // Without a weight it has no share in the average: an empty shard, or one that was not there in the first round.
        if (!message || weight === 0) return { weight };
        const d = at.zeros().length;
        const shard = new ShardDrift(at.objective, at.zeros(0), d, batchSize);
        const positions = parted(message.positions, chains).map(copy);
        for (const [chain, position] of positions.entries()) {
          const noise = {
            common: at.shared.derive('chain', chain, 0).normal(count * d),
            own: at.rng.derive('chain', chain, 'noise').normal(count * d),
          };
          const batches = at.rng.derive('chain', chain, 'batches');
          await localSteps(position, shard, weight, hyperparameters, noise, batches);
        }
        at.post('local', 'coordinator', { positions: joined(positions, (length) => at.zeros(length)) });
        return { weight };
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const { weightBy } = hyperparameters;
    return {
      init: (setup): Server => ({ ...startServed(setup), weights: null }),
      async round(before, at): Promise<Server> {
        const zeros = (length?: number) => at.zeros(length);
        let { weights } = before;
        if (!weights) {
          const sizes = new Float64Array(at.clientCount);
          const received = await at.take('size');
          for (const { from, examples } of received)
            sizes[from as number] = weightBy === 'uniform' && examples > 0 ? 1 : examples;
          if (received.length < at.clientCount) at.measure('shardsMissing', at.clientCount - received.length);
          const total = sizes.reduce((sum, size) => sum + size, 0);
          requireExamples(received.length, at.clientCount, total);
          weights = sizes.map((size) => size / total);
          at.postEach(
            'weight',
            at.cohort.map((client) => ({ to: client, payload: { weight: weights![client]! } })),
          );
        }
        at.post('positions', at.cohort, { positions: joined(before.positions, zeros) });
        const mean = new WeightedMean();
        for await (const { from, positions } of at.stream('local')) mean.add(weights[from as number]!, positions);
        const received = mean.weight > 0;
        const positions = received ? parted(mean.value(), before.positions.length).map(copy) : before.positions;
        const keeper = new DrawKeeper(hyperparameters);
        keeper.keep(before.steps + 1, positions);
        return { positions, weights, steps: before.steps + 1, draws: keeper.finish(zeros) };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
    };
  },
});

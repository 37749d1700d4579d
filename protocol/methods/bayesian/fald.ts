import { allClients, defineSampler, type LogPosterior, type Rng, type Vector } from '../../method.js';
import { log } from '../../numerics/elementary.js';
import { copy } from '../../numerics/vector.js';
import { flag, integer, number, positive, probability } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { chainSettings } from './parts/chains.js';
import { energyGradient } from './parts/energy-gradient.js';
import { allChains, DrawKeeper, joined, parted, type ServedChains, startServed } from './parts/served-chains.js';
import { drawBatch, wholeShard } from './parts/shard-drift.js';

const settings = defineSettings({
  stepSize: positive(
    1e-3,
    'h of the average of the b clients: drift times h / 2, noise h; the authors write gamma = b h / 2',
  ),
  batchSize: integer(0, 'Examples m of a step; 0: the whole shard', { least: 0 }),
  meanLocalSteps: number(10, '1 / p_c: after every step of a chain all average with probability p_c', { least: 1 }),
  commonNoise: probability(0, 'tau: share of the noise variance that is common to all clients'),
  varianceReduction: flag(
    false,
    'VR-FALD*: gradients are corrected by those at a reference point, which tracks the chain',
  ),
  refreshProbability: probability(
    0.1,
    'q: probability that a round begins with a new reference point; the first round always does',
  ),
  ...chainSettings,
});
type Settings = SettingsOf<typeof settings>;

/** By chain; empty: no reference yet. */
interface Client {
  readonly references: readonly Vector[];
  /** Mean of all clients' energy gradients at the reference point. */
  readonly means: readonly Vector[];
}

/**
 * Steps of a chain until the next average, at least one: geometric with mean `meanLocalSteps`. Every chain has its own count:
 * local steps pull a chain to where the shards disagree, and with a common count the chains would be pulled together.
 */
function localStepCount(meanLocalSteps: number, shared: Rng, chain: number): number {
  if (meanLocalSteps === 1) return 1;
  const uniform = shared.derive('local steps', 'chain', chain).uniform();
  return 1 + Math.floor(log(1 - uniform) / log(1 - 1 / meanLocalSteps));
}

function refreshes({ varianceReduction, refreshProbability }: Settings, index: number, shared: Rng): boolean {
  return varianceReduction && (index === 0 || shared.derive('refresh').uniform() < refreshProbability);
}

export default defineSampler({
  name: 'fald',
  paper: {
    title: 'Federated Averaging Langevin Dynamics: Toward a Unified Theory and New Algorithms',
    url: 'https://arxiv.org/abs/2211.00100',
    algorithm: 'FALD; with varianceReduction VR-FALD*',
    reconstruction:
      "The recursion is that of the authors' code. Reference points move at synchronisations, where all clients agree.",
  },
  settings,
  measures: ['localSteps'],
  messages: {
    /** All chains, one after the other. */
    positions: {
      from: 'coordinator',
      to: 'cohort',
      vectors: ['positions'],
      otherLengths: ['positions'],
      losable: 'no',
    },
    reference: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradients'],
      otherLengths: ['gradients'],
      losable: 'no',
      fits: allChains('gradients'),
    },
    control: { from: 'coordinator', to: 'cohort', vectors: ['gradients'], otherLengths: ['gradients'], losable: 'no' },
    local: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['positions'],
      otherLengths: ['positions'],
      losable: 'no',
      fits: allChains('positions'),
    },
  },
  cohort: (_state, { clientCount }) => allClients(clientCount),
  client: ({ hyperparameters }) => {
    const { chains, meanLocalSteps } = hyperparameters;
    return {
      init: (): Client => ({ references: [], means: [] }),
      async round(state, at): Promise<Client> {
        const [message] = await at.take('positions');
        if (!message) return state;
        const positions = parted(message.positions, chains).map(copy);
        let control = state;
        if (refreshes(hyperparameters, at.index, at.shared)) {
          const gradients: Vector[] = [];
          for (const position of positions)
            gradients.push(await energyGradient(at.objective, position, wholeShard(at.objective), at.clientCount));
          at.post('reference', 'coordinator', { gradients: joined(gradients, (length) => at.zeros(length)) });
          const [mean] = await at.take('control');
          if (mean) control = { references: positions.map(copy), means: parted(mean.gradients, chains).map(copy) };
        }
        for (const [chain, position] of positions.entries()) {
          const steps = localStepCount(meanLocalSteps, at.shared, chain);
          await localRun(position, chain, steps, control, hyperparameters, at);
        }
        at.post('local', 'coordinator', { positions: joined(positions, (length) => at.zeros(length)) });
        return control;
      },
    };
  },
  coordinator: ({ hyperparameters }) => {
    const { meanLocalSteps } = hyperparameters;
    return {
      init: (setup): ServedChains => startServed(setup),
      async round(before, at): Promise<ServedChains> {
        const zeros = (length?: number) => at.zeros(length);
        at.post('positions', at.cohort, { positions: joined(before.positions, zeros) });
        if (refreshes(hyperparameters, at.index, at.shared)) {
          const mean = new WeightedMean();
          for await (const { gradients } of at.stream('reference')) mean.add(1, gradients);
          if (mean.weight > 0) at.post('control', at.cohort, { gradients: mean.value() });
        }
        const mean = new WeightedMean();
        for await (const { positions } of at.stream('local')) mean.add(1, positions);
        const received = mean.weight > 0;
        const positions = received ? parted(mean.value(), before.positions.length).map(copy) : before.positions;
        const steps = before.positions.map((_, chain) => localStepCount(meanLocalSteps, at.shared, chain));
        at.measure('localSteps', steps.reduce((sum, count) => sum + count, 0) / steps.length);
        const keeper = new DrawKeeper(hyperparameters);
        keeper.keep(before.steps + 1, positions);
        return { positions, steps: before.steps + 1, draws: keeper.finish(zeros) };
      },
      estimates: ({ positions }) => positions,
      draws: ({ draws }) => draws,
    };
  },
});

/** The steps of one chain on one client until all average, in place. */
async function localRun(
  position: Vector,
  chain: number,
  steps: number,
  { references, means }: Client,
  { stepSize, batchSize, commonNoise }: Settings,
  at: {
    readonly objective: LogPosterior;
    readonly clientCount: number;
    readonly rng: Rng;
    readonly shared: Rng;
  },
): Promise<void> {
  const { objective, clientCount } = at;
  const d = position.length;
  const common = at.shared.derive('chain', chain, 0).normal(steps * d);
  const own = at.rng.derive('chain', chain, 'noise').normal(steps * d);
  const batches = at.rng.derive('chain', chain, 'batches');
  const commonStddev = Math.sqrt(stepSize * commonNoise);
  const ownStddev = Math.sqrt(clientCount * stepSize * (1 - commonNoise));
  const reference = references[chain];
  for (let k = 0; k < steps; k++) {
    const batch = drawBatch(objective, batchSize, batches);
    const gradient = await energyGradient(objective, position, batch, clientCount);
    if (reference) {
      const there = await energyGradient(objective, reference, batch, clientCount);
      for (let i = 0; i < d; i++) gradient[i] = gradient[i]! - there[i]! + means[chain]![i]!;
    }
    for (let i = 0, n = k * d; i < d; i++, n++)
      position[i] =
        position[i]! - 0.5 * clientCount * stepSize * gradient[i]! + commonStddev * common[n]! + ownStddev * own[n]!;
  }
}

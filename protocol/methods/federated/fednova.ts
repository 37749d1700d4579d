import { defineMethod, type Objective, type ReadonlyVector, type Vector } from '../../method.js';
import { addScaled, copy, scale, subtract, zerosLike } from '../../numerics/vector.js';
import { count, decay, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { leastLocalShare, partialWork } from '../parts/local-share.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { localBatches } from './fedavg.js';

interface Client {
  /** Epochs of this client in every round. */
  readonly epochs: number;
}

const settings = defineSettings({
  localEpochs: count(1, 'Passes of a client over its shard in a round'),
  mostLocalEpochs: count(
    null,
    'Each client draws its number of passes once, uniformly from localEpochs to this; null: all make localEpochs',
  ),
  batchSize: count(32, 'Examples of a local gradient'),
  leastLocalShare,
  clientLearningRate: positive(0.1, 'eta: step size of a local step'),
  momentum: decay(0, 'rho: momentum of the local steps'),
  serverLearningRate: positive(1, 'Factor of the normalised change'),
});

/**
 * Sum of the weights a_i with which a client's gradients stand in its change after `steps` steps of momentum rho: the gradient of
 * step k counts 1 + rho + … + rho^(steps - 1 - k) times.
 */
function weightOfSteps(steps: number, rho: number): number {
  let total = 0;
  let weight = 0;
  for (let k = 0; k < steps; k++) {
    weight = weight * rho + 1;
    total += weight;
  }
  return total;
}

async function localMomentum(
  objective: Objective,
  start: ReadonlyVector,
  batches: readonly Uint32Array[],
  rate: number,
  rho: number,
): Promise<Vector> {
  const y = copy(start);
  const buffer = zerosLike(start);
  let gradient: Vector | undefined;
  for (const batch of batches) {
    gradient = await objective.gradient(y, batch, gradient);
    for (let i = 0; i < y.length; i++) {
      buffer[i] = rho * buffer[i]! + gradient[i]!;
      y[i] = y[i]! - rate * buffer[i]!;
    }
  }
  return y;
}

export default defineMethod({
  name: 'fednova',
  paper: {
    title: 'Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization',
    url: 'https://arxiv.org/abs/2007.07481',
    algorithm: 'FedNova with local SGD or momentum',
    reconstruction: 'Reconstructed, not checked against the paper: d_i, tau_eff and the weights of momentum.',
  },
  settings,
  weighsBy: () => 'examples',
  measures: ['effectiveSteps'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['direction'],
      scalars: ['steps', 'examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters }) => ({
    init({ rng }): Client {
      const { localEpochs, mostLocalEpochs } = hyperparameters;
      const spread = Math.max(0, (mostLocalEpochs ?? localEpochs) - localEpochs);
      return { epochs: localEpochs + (spread === 0 ? 0 : rng.derive('epochs').below(spread + 1)) };
    },
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const { batchSize, clientLearningRate: rate, momentum, leastLocalShare: least } = hyperparameters;
      const batches = partialWork(localBatches(at.rng, exampleCount, state.epochs, batchSize), at.rng, least);
      const y = await localMomentum(at.objective, model.params, batches, rate, momentum);
      // d_i = (x - y_i) / (eta |a_i|_1)
      const steps = weightOfSteps(batches.length, momentum);
      const direction = scale(1 / (rate * steps), subtract(model.params, y));
      at.post('update', 'coordinator', { direction, steps, examples: exampleCount });
      return state;
    },
  }),
  coordinator: ({ hyperparameters: { clientLearningRate, serverLearningRate } }) => ({
    init: ({ initialParams }) => ({ params: initialParams as ReadonlyVector }),
    async round({ params }, at) {
      at.post('model', at.cohort, { params });
      const mean = new WeightedMean();
      let steps = 0;
      for await (const update of at.stream('update')) {
        mean.add(update.examples, update.direction);
        steps += update.examples * update.steps;
      }
      if (mean.weight === 0) return { params };
      // x -= eta tau_eff sum p_i d_i, tau_eff = sum p_i |a_i|_1
      const effective = steps / mean.weight;
      at.measure('effectiveSteps', effective);
      return { params: addScaled(params, -serverLearningRate * clientLearningRate * effective, mean.value()) };
    },
    estimates: ({ params }) => [params],
  }),
});

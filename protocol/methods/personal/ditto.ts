import { defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { addScaled, copy, subtract } from '../../numerics/vector.js';
import { atLeastZero, count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { counting } from '../parts/fits.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** v_k, the client's own model. */
  readonly personal: ReadonlyVector;
}

const settings = defineSettings({
  lambda: atLeastZero(
    0.1,
    "Weight of (lambda/2) |v - w|^2, which holds a client's model near the common one; 0: local training",
  ),
  localEpochs: count(1, "Passes over the client's examples for the common model"),
  personalEpochs: count(1, "Passes for the client's own model"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size for the common model'),
  personalLearningRate: positive(0.1, "Step size for the client's own model"),
});

export default defineMethod({
  name: 'ditto',
  paper: {
    title: 'Ditto: Fair and Robust Federated Learning Through Personalization',
    url: 'https://arxiv.org/abs/2012.04221',
    algorithm: 'Ditto with FedAvg as its solver of the common problem',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  weighsBy: () => 'examples',
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['delta'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters: { lambda, localEpochs, personalEpochs, batchSize, ...rates } }) => ({
    init: ({ initialParams }): Client => ({ personal: initialParams }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const { params: w } = model;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const local = await descend(at.objective, w, batches, rates.clientLearningRate, 0);
      at.post('update', 'coordinator', { delta: subtract(local, w), examples: exampleCount });
      // v -= eta (grad F_k(v) + lambda (v - w))
      const v = copy(state.personal);
      let gradient: Vector | undefined;
      for (const batch of localBatches(at.rng.derive('personal'), exampleCount, personalEpochs, batchSize)) {
        gradient = await at.objective.gradient(v, batch, gradient);
        for (let i = 0; i < v.length; i++)
          v[i] = v[i]! - rates.personalLearningRate * (gradient[i]! + lambda * (v[i]! - w[i]!));
      }
      return { personal: v };
    },
    estimates: ({ personal }) => [personal],
  }),
  coordinator: {
    init: ({ initialParams }) => ({ params: initialParams as ReadonlyVector }),
    async round({ params }, at) {
      at.post('model', at.cohort, { params });
      const mean = new WeightedMean();
      for await (const { delta, examples } of at.stream('update')) mean.add(examples, delta);
      return { params: mean.weight === 0 ? params : addScaled(params, 1, mean.value()) };
    },
    estimates: ({ params }) => [params],
  },
});

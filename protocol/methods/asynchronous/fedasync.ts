import type { Vector } from '../../method.js';
import { addScaled, subtract } from '../../numerics/vector.js';
import { atLeastZero, count, fraction, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { stalenessSettings, stalenessWeight } from './parts/staleness.js';

const settings = defineSettings({
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  proximal: atLeastZero(0, 'Weight rho of (rho/2)|y - x|^2 in the local objective'),
  mixing: fraction(0.6, 'alpha: share of a fresh answer in the new model'),
  ...stalenessSettings,
});

export default defineTasks({
  name: 'fedasync',
  paper: {
    title: 'Asynchronous Federated Optimization',
    url: 'https://arxiv.org/abs/1903.03934',
    algorithm: 'FedAsync: every answer is a server step',
    reconstruction:
      'The three staleness weights and the default values are reconstructed, not checked against the paper.',
  },
  settings,
  measures: ['age'],
  folds: () => 1,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    local: { from: 'clients', to: 'coordinator', vectors: ['params'], lossy: 'any' },
  },
  client: ({ hyperparameters: { localEpochs, batchSize, clientLearningRate, proximal } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const params = await descend(at.objective, model.params, batches, clientLearningRate, proximal);
      at.post('local', 'coordinator', { params });
      return state;
    },
  }),
  coordinator: ({ hyperparameters }) => ({
    init: ({ initialParams }): { readonly params: Vector } => ({ params: initialParams }),
    async round({ params }, at) {
      at.offer('model', { params });
      for await (const { params: local, age } of at.arrivals('local', { together: 1, around: params })) {
        at.measure('age', age);
        const alpha = hyperparameters.mixing * stalenessWeight(age, hyperparameters);
        return { params: addScaled(params, alpha, subtract(local, params)) };
      }
      return { params };
    },
    estimates: ({ params }) => [params],
  }),
});

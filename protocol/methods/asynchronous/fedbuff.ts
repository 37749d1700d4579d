import type { Vector } from '../../method.js';
import { accumulate, addScaled, zerosLike } from '../../numerics/vector.js';
import { count, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { stalenessSettings, stalenessWeight } from './parts/staleness.js';

const settings = defineSettings({
  bufferSize: count(10, 'K: answers of a server step'),
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  serverLearningRate: positive(1, 'Factor on the mean of the buffer'),
  again: oneOf(['again', 'once'], 'again', "May a client work on one model twice? 'once': it waits for the next"),
  ...stalenessSettings,
});

export default defineTasks({
  name: 'fedbuff',
  paper: {
    title: 'Federated Learning with Buffered Asynchronous Aggregation',
    url: 'https://arxiv.org/abs/2106.06639',
    algorithm: 'FedBuff: K answers are a server step',
    reconstruction:
      "Reconstructed, not checked against the paper. The buffer is summed in the clear: the paper's secure sum is a trusted enclave's.",
  },
  settings,
  measures: ['age'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], lossy: 'any' },
  },
  client: ({ hyperparameters: { localEpochs, batchSize, clientLearningRate } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const local = await descend(at.objective, model.params, batches, clientLearningRate, 0);
      at.post('update', 'coordinator', { delta: accumulate(local, -1, model.params) });
      return state;
    },
  }),
  coordinator: ({ hyperparameters }) => ({
    init: ({ initialParams }): { readonly params: Vector } => ({ params: initialParams }),
    async round({ params }, at) {
      const { bufferSize, serverLearningRate, again } = hyperparameters;
      at.offer('model', { params }, { times: again });
      const sum = zerosLike(params);
      let received = 0;
      let ages = 0;
      for await (const { delta, age } of at.arrivals('update')) {
        accumulate(sum, stalenessWeight(age, hyperparameters), delta);
        ages += age;
        if (++received === bufferSize) break;
      }
      if (received === 0) return { params };
      at.measure('age', ages / received);
      return { params: addScaled(params, serverLearningRate / received, sum) };
    },
    estimates: ({ params }) => [params],
  }),
});

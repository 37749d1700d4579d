import type { Vector } from '../../method.js';
import { accumulate, addScaled, scale, zerosLike } from '../../numerics/vector.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { count, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { stalenessSettings, stalenessWeight } from './parts/staleness.js';

interface Server {
  readonly params: Vector;
  /** Of the server optimizer; left out without one. */
  readonly optimizer?: object;
}

const settings = defineSettings({
  bufferSize: count(10, 'K: answers of a server step'),
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  serverLearningRate: positive(1, 'Factor on the mean of the buffer'),
  serverOptimizer: optimizer(
    null,
    "Takes minus the mean of the buffer, times serverLearningRate, for a gradient; 'delayed-nesterov' with bufferSize 1 is asynchronous " +
      'DiLoCo. null: the mean is added',
  ),
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
  coordinator: ({ hyperparameters, segments }) => {
    const { bufferSize, serverLearningRate, serverOptimizer, again } = hyperparameters;
    const rule = serverOptimizer && loadOptimizer(serverOptimizer, segments);
    return {
      init: ({ initialParams: params }): Server =>
        rule ? { params, optimizer: rule.init(params.length) } : { params },
      async round(state, at): Promise<Server> {
        const { params } = state;
        at.offer('model', { params }, { times: again });
        const sum = zerosLike(params);
        let received = 0;
        let ages = 0;
        for await (const { delta, age } of at.arrivals('update')) {
          accumulate(sum, stalenessWeight(age, hyperparameters), delta);
          ages += age;
          if (++received === bufferSize) break;
        }
        if (received === 0) return state;
        at.measure('age', ages / received);
        const factor = serverLearningRate / received;
        if (!rule) return { params: addScaled(params, factor, sum) };
        const [next, optimizer] = rule.update(scale(-factor, sum), state.optimizer, params);
        return { params: next, optimizer };
      },
      estimates: ({ params }) => [params],
    };
  },
});

import { accumulate, zerosLike } from '../../numerics/vector.js';
import { count } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { type BufferedServer, bufferedSettings, localDifference, serverRule } from './parts/buffered.js';
import { stalenessWeight } from './parts/staleness.js';

const settings = defineSettings({
  bufferSize: count(10, 'K: answers of a server step'),
  ...bufferedSettings,
});

export default defineTasks({
  name: 'fedbuff',
  paper: {
    title: 'Federated Learning with Buffered Asynchronous Aggregation',
    url: 'https://arxiv.org/abs/2106.06639',
    algorithm: 'FedBuff: K answers are a server step',
    reconstruction:
      "Reconstructed, not checked against the paper. The buffer is summed in the clear; with the paper's secure sum it is `fedbuff-secure`.",
  },
  settings,
  measures: ['age'],
  folds: ({ bufferSize }) => bufferSize,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], lossy: 'any' },
  },
  client: ({ hyperparameters }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const delta = model && (await localDifference(at, model.params, hyperparameters));
      if (delta) at.post('update', 'coordinator', { delta });
      return state;
    },
  }),
  coordinator: ({ hyperparameters, segments }) => {
    const { bufferSize, serverLearningRate, again } = hyperparameters;
    const server = serverRule(hyperparameters, segments);
    return {
      init: ({ initialParams }): BufferedServer => server.begin(initialParams),
      async round(state, at): Promise<BufferedServer> {
        const { params } = state;
        at.offer('model', { params }, { times: again });
        const sum = zerosLike(params);
        let received = 0;
        let ages = 0;
        for await (const { delta, age } of at.arrivals('update', { together: bufferSize })) {
          accumulate(sum, stalenessWeight(age, hyperparameters), delta);
          ages += age;
          if (++received === bufferSize) break;
        }
        if (received === 0) return state;
        at.measure('age', ages / received);
        return server.step(state, sum, serverLearningRate / received);
      },
      estimates: ({ params }) => [params],
    };
  },
});

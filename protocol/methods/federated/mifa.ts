import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, scale, subtract, zerosLike } from '../../numerics/vector.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { descend, localBatches } from './fedavg.js';

interface Client {
  /** G_i, the client's last update as the server has it, per unit of step size. */
  readonly last: Vector;
}
interface Server {
  readonly params: Vector;
  /** Mean of all clients' G_i; 0 for a client that has never come. */
  readonly mean: Vector;
}

const settings = defineSettings({
  localEpochs: count(1, 'Passes of a client over its shard in a round'),
  batchSize: count(32, 'Examples of a local gradient'),
  clientLearningRate: positive(0.1, 'eta: step size of a local step'),
  serverLearningRate: positive(1, 'Factor of the mean update'),
});

export default defineMethod({
  name: 'mifa',
  paper: {
    title: 'Fast Federated Learning in the Presence of Arbitrary Device Unavailability',
    url: 'https://arxiv.org/abs/2106.04159',
    algorithm: 'MIFA, with the memory kept as differences that clients send',
    reconstruction:
      'Reconstructed, not checked against the paper. The server keeps the mean of the memorised updates alone: each client sends the ' +
      'difference from its last one.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: { from: 'clients', to: 'coordinator', vectors: ['difference'], lossy: 'any' },
  },
  client: ({ hyperparameters: { localEpochs, batchSize, clientLearningRate: rate } }) => ({
    init: ({ initialParams }): Client => ({ last: zerosLike(initialParams) }),
    async round({ last }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { last };
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const y = await descend(at.objective, model.params, batches, rate, 0);
      // G_i = (x - y) / eta
      const update = scale(1 / rate, subtract(model.params, y));
      const posted = at.post('update', 'coordinator', { difference: subtract(update, last) });
      return { last: add(last, posted.difference) };
    },
  }),
  coordinator: ({ hyperparameters: { clientLearningRate, serverLearningRate } }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, mean: zerosLike(initialParams) }),
    async round({ params, mean }, at): Promise<Server> {
      at.post('model', at.cohort, { params });
      const differences = new WeightedMean();
      for await (const { difference } of at.stream('update')) differences.add(1, difference);
      const share = differences.weight / at.clientCount;
      const next = differences.weight === 0 ? mean : addScaled(mean, share, differences.value());
      // x -= eta_s eta (1 / N) sum_i G_i, whatever clients took part
      return { params: addScaled(params, -serverLearningRate * clientLearningRate, next), mean: next };
    },
    estimates: ({ params }) => [params],
  }),
});

import { defineMethod, type Vector } from '../method.js';
import { requirePositive } from '../numerics/settings.js';
import { WeightedMean } from '../numerics/weighted-mean.js';
import { loadOptimizer, type OptimizerSpec } from '../optimizers/load-optimizer.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
}

const defaults = {
  /** Examples of each client's batch. */
  batchSize: 32,
  optimizer: { name: 'sgd', learningRate: 0.1 } as OptimizerSpec,
};

export default defineMethod({
  name: 'sgd',
  paper: {
    title: 'Large Scale Distributed Deep Networks (synchronous form)',
    url: 'https://papers.nips.cc/paper/4687-large-scale-distributed-deep-networks',
    algorithm: 'synchronous parallel SGD',
  },
  defaults,
  check({ batchSize }) {
    requirePositive('method.batchSize', batchSize);
  },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'], lossy: 'any' },
  },
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const batch = at.rng.batch(at.objective.exampleCount, at.hyperparameters.batchSize);
      if (batch.length === 0) return state;
      const gradient = await at.objective.gradient(model.params, batch);
      at.post('gradient', 'coordinator', { gradient, examples: batch.length });
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters, segments }): Server => ({
      params: initialParams,
      optimizer: loadOptimizer(hyperparameters.optimizer, segments).init(initialParams.length),
    }),
    async round({ params, optimizer }, at): Promise<Server> {
      at.post('model', at.cohort, { params });
      const mean = new WeightedMean();
      for await (const { gradient, examples } of at.stream('gradient')) mean.add(examples, gradient);
      if (mean.weight === 0) return { params, optimizer };
      const rule = loadOptimizer(at.hyperparameters.optimizer, at.segments);
      const [next, nextOptimizer] = rule.update(mean.value(), optimizer, params);
      return { params: next, optimizer: nextOptimizer };
    },
    estimates: ({ params }) => [params],
  },
});

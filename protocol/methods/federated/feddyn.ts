import { defineMethod, type Vector } from '../../method.js';
import { addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** h_i, the client's gradient at its last local minimum. */
  readonly gradient: Vector;
}
interface Server {
  readonly params: Vector;
  /** h, the mean of all clients' h_i. */
  readonly gradient: Vector;
}

const settings = defineSettings({
  alpha: positive(0.1, 'Weight of the quadratic term that holds the local minimum near the model'),
  localSteps: count(10, 'Gradient steps on the local objective'),
  batchSize: count(32, 'Examples of a local gradient'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
});

export default defineMethod({
  name: 'feddyn',
  paper: {
    title: 'Federated Learning Based on Dynamic Regularization',
    url: 'https://arxiv.org/abs/2111.04263',
    algorithm: 'FedDyn, local minimisation by a fixed number of gradient steps',
    reconstruction: 'Reconstructed, not checked against the paper: both updates of h.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], lossy: 'any' },
  },
  client: ({ hyperparameters: { alpha, localSteps, batchSize, clientLearningRate: rate } }) => ({
    init: ({ initialParams }): Client => ({ gradient: zerosLike(initialParams) }),
    async round({ gradient: h }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { gradient: h };
      const { params: x } = model;
      // min over y of f_i(y) - <h_i, y> + (alpha / 2) |y - x|^2
      const y = copy(x);
      let gradient: Vector | undefined;
      for (let step = 0; step < localSteps; step++) {
        gradient = await at.objective.gradient(y, at.rng.batch(exampleCount, batchSize), gradient);
        for (let i = 0; i < y.length; i++) y[i] = y[i]! - rate * (gradient[i]! - h[i]! + alpha * (y[i]! - x[i]!));
      }
      const posted = at.post('update', 'coordinator', { delta: subtract(y, x) });
      // h_i -= alpha (y - x), by what the server decodes: both sides must hold the same sum.
      return { gradient: addScaled(h, -alpha, posted.delta) };
    },
  }),
  coordinator: ({ hyperparameters: { alpha } }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, gradient: zerosLike(initialParams) }),
    async round({ params, gradient }, at): Promise<Server> {
      at.post('model', at.cohort, { params });
      const mean = new WeightedMean();
      for await (const { delta } of at.stream('update')) mean.add(1, delta);
      if (mean.weight === 0) return { params, gradient };
      const moved = mean.value();
      // h -= (alpha / N) sum (y_i - x); x = mean y_i - h / alpha
      const h = addScaled(gradient, (-alpha * mean.weight) / at.clientCount, moved);
      return { params: addScaled(addScaled(params, 1, moved), -1 / alpha, h), gradient: h };
    },
    estimates: ({ params }) => [params],
  }),
});

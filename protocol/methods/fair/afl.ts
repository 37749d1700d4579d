import { defineMethod, type ReadonlyVector } from '../../method.js';
import { addScaled } from '../../numerics/vector.js';
import { positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { projectToSimplex } from './parts/simplex.js';

interface Server {
  readonly params: ReadonlyVector;
  /** lambda, the weights of the clients: a point of the simplex. */
  readonly weights: Float64Array;
}

const settings = defineSettings({
  learningRate: positive(0.1, 'gamma_w: step size of the model'),
  weightLearningRate: positive(0.01, 'gamma_lambda: step size of the weights of the clients'),
  ...gradientSettings,
});

export default defineMethod({
  name: 'afl',
  paper: {
    title: 'Agnostic Federated Learning',
    url: 'https://arxiv.org/abs/1902.00146',
    algorithm: 'Stochastic-AFL over the whole simplex: min over w of the maximum over lambda of sum lambda_k F_k(w)',
    reconstruction:
      'Reconstructed, not checked against the paper: both steps. The last iterate is evaluated, not the mean of all. Of a part of the ' +
      'clients, gradients and losses count n/m times.',
  },
  settings,
  measures: ['largestWeight'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['loss'], lossy: 'any' },
  },
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model || at.objective.exampleCount === 0) return state;
      const batch = minibatch(at);
      const loss = await at.objective.loss(model.params, batch);
      at.post('gradient', 'coordinator', { gradient: await gradientOn(at, model.params, batch), loss });
      return state;
    },
  },
  coordinator: ({ hyperparameters: { learningRate, weightLearningRate }, clientCount }) => ({
    init: ({ initialParams }): Server => ({
      params: initialParams,
      weights: new Float64Array(clientCount).fill(1 / clientCount),
    }),
    async round({ params, weights }, at): Promise<Server> {
      at.post('model', at.cohort, { params });
      const gradients = new WeightedMean();
      const losses = new Float64Array(clientCount);
      let received = 0;
      for await (const { from, gradient, loss } of at.stream('gradient')) {
        gradients.add(weights[Number(from)]!, gradient);
        losses[Number(from)] = loss;
        received++;
      }
      if (received === 0) return { params, weights };
      const factor = clientCount / received;
      // w -= gamma_w sum lambda_k g_k; lambda = projection of lambda + gamma_lambda (F_1, …, F_n)
      const next = projectToSimplex(weights.map((weight, k) => weight + weightLearningRate * factor * losses[k]!));
      at.measure(
        'largestWeight',
        next.reduce((a, b) => Math.max(a, b)),
      );
      const step = gradients.weight > 0 ? learningRate * factor * gradients.weight : 0;
      return { params: step > 0 ? addScaled(params, -step, gradients.value()) : params, weights: next };
    },
    estimates: ({ params }) => [params],
  }),
});

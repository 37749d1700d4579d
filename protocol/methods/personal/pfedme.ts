import { defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { addScaled, copy, subtract } from '../../numerics/vector.js';
import { count, number, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** theta_i, the client's own model. */
  readonly personal: ReadonlyVector;
}

const settings = defineSettings({
  lambda: positive(
    15,
    "Weight of (lambda/2) |theta - w|^2, which holds a client's model near its copy of the common one",
  ),
  localSteps: count(20, 'R: steps of the copy in a round, each with a batch of its own'),
  personalSteps: count(5, 'K: gradient steps on theta for each of them'),
  batchSize: count(20, 'Examples of a batch'),
  personalLearningRate: positive(0.01, 'Step size on theta'),
  clientLearningRate: positive(0.005, 'eta: the copy moves by eta lambda (w - theta)'),
  beta: number(1, 'Factor of the mean change at the server', { above: 0 }),
});

export default defineMethod({
  name: 'pfedme',
  paper: {
    title: 'Personalized Federated Learning with Moreau Envelopes',
    url: 'https://arxiv.org/abs/2006.08848',
    algorithm: 'pFedMe, theta by K gradient steps',
    reconstruction: 'Reconstructed, not checked against the paper. Clients outside the cohort do nothing.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], lossy: 'any' },
  },
  client: ({ hyperparameters: { lambda, localSteps, personalSteps, batchSize, personalLearningRate, ...rates } }) => ({
    init: ({ initialParams }): Client => ({ personal: initialParams }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const w = copy(model.params);
      const theta = copy(state.personal);
      let gradient: Vector | undefined;
      for (let step = 0; step < localSteps; step++) {
        const batch = at.rng.batch(exampleCount, batchSize);
        // theta ~ argmin f(theta; batch) + (lambda/2) |theta - w|^2
        for (let k = 0; k < personalSteps; k++) {
          gradient = await at.objective.gradient(theta, batch, gradient);
          for (let i = 0; i < theta.length; i++)
            theta[i] = theta[i]! - personalLearningRate * (gradient[i]! + lambda * (theta[i]! - w[i]!));
        }
        // w -= eta lambda (w - theta)
        for (let i = 0; i < w.length; i++) w[i] = w[i]! - rates.clientLearningRate * lambda * (w[i]! - theta[i]!);
      }
      at.post('update', 'coordinator', { delta: subtract(w, model.params) });
      return { personal: theta };
    },
    estimates: ({ personal }) => [personal],
  }),
  coordinator: ({ hyperparameters: { beta } }) => ({
    init: ({ initialParams }) => ({ params: initialParams as ReadonlyVector }),
    async round({ params }, at) {
      at.post('model', at.cohort, { params });
      const mean = new WeightedMean();
      for await (const { delta } of at.stream('update')) mean.add(1, delta);
      // w = (1 - beta) w + beta mean w_i
      return { params: mean.weight === 0 ? params : addScaled(params, beta, mean.value()) };
    },
    estimates: ({ params }) => [params],
  }),
});

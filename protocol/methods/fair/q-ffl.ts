import { GradswarmError } from '../../errors.js';
import { defineMethod, type ReadonlyVector } from '../../method.js';
import { power } from '../../numerics/powers.js';
import { addScaled, scale, squaredNorm, subtract } from '../../numerics/vector.js';
import { atLeastZero, count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { wholeShard } from '../parts/whole-shard.js';

/** Added to a loss before powers are taken: F^(q - 1) stays finite at F = 0. */
const LEAST_LOSS = 1e-10;

const settings = defineSettings({
  q: atLeastZero(1, 'Exponent of fairness: the objective is sum F_k^(q+1) / (q+1); 0: the mean loss, as in FedAvg'),
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step; its inverse stands for the Lipschitz constant L'),
});

export default defineMethod({
  name: 'q-ffl',
  paper: {
    title: 'Fair Resource Allocation in Federated Learning',
    url: 'https://arxiv.org/abs/1905.10497',
    algorithm: 'q-FedAvg, every client with the same weight p_k',
    reconstruction:
      'Reconstructed, not checked against the paper: the step Delta_k, its curvature h_k, and 1e-10 added to a loss (a loss below 0 counts as 0).',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['step'],
      scalars: ['curvature'],
      lossy: 'any',
      fits: ({ curvature }) => curvature > 0,
    },
  },
  client: ({ hyperparameters: { q, localEpochs, batchSize, clientLearningRate: rate } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const { params: x } = model;
      const loss = Math.max(0, await at.objective.loss(x, wholeShard(exampleCount))) + LEAST_LOSS;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const local = await descend(at.objective, x, batches, rate, 0);
      // Delta w_k = L (x - y_k), Delta_k = F_k^q Delta w_k, h_k = q F_k^(q-1) |Delta w_k|^2 + L F_k^q
      const change = scale(1 / rate, subtract(x, local));
      const weight = power(loss, q);
      const curvature = (q === 0 ? 0 : q * power(loss, q - 1) * squaredNorm(change)) + weight / rate;
      // A loss that is infinite by itself is the model's: what is made of it is refused where it arrives.
      if (Number.isFinite(loss) && !(curvature > 0 && Number.isFinite(curvature)))
        throw new GradswarmError(
          'ERR_NOT_FINITE',
          `q-ffl: client ${at.self}: expected a power of the loss ${loss} that a number holds, got q = ${q}: lower q`,
        );
      at.post('update', 'coordinator', { step: scale(weight, change), curvature });
      return state;
    },
  }),
  coordinator: {
    init: ({ initialParams }) => ({ params: initialParams as ReadonlyVector }),
    async round({ params }, at) {
      at.post('model', at.cohort, { params });
      const steps = new WeightedMean();
      let curvature = 0;
      for await (const update of at.stream('update')) {
        steps.add(1, update.step);
        curvature += update.curvature;
      }
      if (steps.weight === 0) return { params };
      // x -= sum Delta_k / sum h_k
      return { params: addScaled(params, -steps.weight / curvature, steps.value()) };
    },
    estimates: ({ params }) => [params],
  },
});

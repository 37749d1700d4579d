import { defineMethod, type Objective, type ReadonlyVector, type Rng, type Vector } from '../../method.js';
import { accumulate, scale } from '../../numerics/vector.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { atLeastZero, count, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { withFormerNoise } from '../parts/former-state.js';
import { leastLocalShare, partialWork } from '../parts/local-share.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
}

const settings = defineSettings({
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  leastLocalShare,
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  proximal: atLeastZero(0, 'FedProx: weight mu of (mu/2)|y - x|^2 in the local objective'),
  weighting: oneOf(
    ['examples', 'clients'],
    'examples',
    "What is minimised: the mean over examples, as in the paper, or over clients, as SCAFFOLD's",
  ),
  serverOptimizer: optimizer(
    { name: 'sgd', learningRate: 1 },
    'FedOpt: takes minus the mean update for a gradient; SGD at rate 1 is FedAvg',
  ),
});

/** Batches of one client's round: each epoch a new order, cut into batches; the last of an epoch may be smaller. */
export function localBatches(rng: Rng, exampleCount: number, epochs: number, batchSize: number): Uint32Array[] {
  const batches: Uint32Array[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = rng.permutation(exampleCount);
    for (let at = 0; at < exampleCount; at += batchSize) batches.push(order.subarray(at, at + batchSize));
  }
  return batches;
}

/** Local SGD on f_i(y) + (mu/2)|y - x|^2 from y = x. `room`: gives a vector for y; left out: a new one. */
export async function descend(
  objective: Objective,
  start: ReadonlyVector,
  batches: readonly Uint32Array[],
  rate: number,
  proximal: number,
  room?: () => Vector,
): Promise<Vector> {
  if (proximal === 0 && room && objective.descendInto) return objective.descendInto(start, batches, rate, room);
  if (proximal === 0 && objective.descend) return objective.descend(start, batches, rate, room?.());
  const y = scale(1, start);
  let gradient: Vector | undefined;
  for (const batch of batches) {
    gradient = await objective.gradient(y, batch, gradient);
    for (let i = 0; i < y.length; i++) y[i] = y[i]! - rate * (gradient[i]! + proximal * (y[i]! - start[i]!));
  }
  return y;
}

export default defineMethod({
  name: 'fedavg',
  paper: {
    title: 'Communication-Efficient Learning of Deep Networks from Decentralized Data',
    url: 'https://arxiv.org/abs/1602.05629',
    algorithm:
      'FederatedAveraging; with proximal > 0 FedProx, with another server optimizer FedOpt, with Nesterov momentum (rate 0.7, ' +
      'momentum 0.9) the outer step of DiLoCo',
    reconstruction:
      'Reconstructed, not checked against the papers of FedAvg, FedProx, FedOpt and DiLoCo. The inner AdamW of DiLoCo is plain SGD here.',
  },
  settings,
  weighsBy: ({ weighting }) => weighting,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['delta'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters: { localEpochs, batchSize, clientLearningRate, proximal, leastLocalShare: least } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batches = partialWork(localBatches(at.rng, exampleCount, localEpochs, batchSize), at.rng, least);
      const local = await descend(at.objective, model.params, batches, clientLearningRate, proximal, () => at.borrow());
      // In place: `descend` has made the vector, and nothing else reads it.
      const delta = accumulate(local, -1, model.params);
      at.giveBack(model.params);
      const sent = at.post('update', 'coordinator', { delta, examples: exampleCount });
      // The coordinator gets another one: what a codec has made of it.
      if (sent.delta !== delta) at.giveBack(delta);
      return state;
    },
  }),
  coordinator: ({ hyperparameters, segments }) => {
    const { serverOptimizer, weighting } = hyperparameters;
    const rule = loadOptimizer(serverOptimizer, segments);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        optimizer: rule.init(initialParams.length),
      }),
      async round(state, at): Promise<Server> {
        at.post('model', at.cohort, { params: state.params });
        const mean = new WeightedMean();
        for await (const { delta, examples } of at.stream('update')) {
          mean.add(weighting === 'examples' ? examples : 1, delta);
          at.giveBack(delta);
        }
        if (mean.weight === 0) return state;
        const [params, optimizer] = rule.update(mean.value(-1), state.optimizer, state.params);
        return { ...state, params, optimizer };
      },
      estimates: ({ params }) => [params],
      digested: withFormerNoise,
    };
  },
});

import { GradswarmError } from '../../errors.js';
import { defineMethod, type Objective, type ReadonlyVector, type Rng, type Vector } from '../../method.js';
import { requireCount, requireNonNegative, requirePositive } from '../../numerics/settings.js';
import { scale, subtract } from '../../numerics/vector.js';
import { loadOptimizer, type OptimizerSpec } from '../../optimizers/load-optimizer.js';
import { GradientStatistics } from '../large-batch/parts/gradient-statistics.js';
import { modulesOf } from '../large-batch/parts/modules.js';
import {
  measureNoiseScale,
  type NoiseScaleState,
  noiseScaleSettings,
  noNoiseScale,
} from '../large-batch/parts/noise-scale.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  readonly noise: NoiseScaleState;
}

const defaults = {
  localEpochs: 1,
  batchSize: 32,
  clientLearningRate: 0.1,
  /** FedProx: weight mu of (mu/2)|y - x|^2 in the local objective. */
  proximal: 0,
  /** FedOpt: takes minus the mean update for a gradient. SGD at rate 1 is FedAvg. */
  serverOptimizer: { name: 'sgd', learningRate: 1 } as OptimizerSpec,
  /** Such as {decay: 0.95}: the noise scale of the updates, each standing for a gradient over the client's examples. */
  noiseScale: null as object | null,
};

/** Batches of one client's round: each epoch a new order, cut into batches; the last of an epoch may be smaller. */
export function localBatches(rng: Rng, exampleCount: number, epochs: number, batchSize: number): Uint32Array[] {
  const batches: Uint32Array[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = rng.permutation(exampleCount);
    for (let at = 0; at < exampleCount; at += batchSize) batches.push(order.subarray(at, at + batchSize));
  }
  return batches;
}

/** Local SGD on f_i(y) + (mu/2)|y - x|^2 from y = x. */
export async function descend(
  objective: Objective,
  start: ReadonlyVector,
  batches: readonly Uint32Array[],
  rate: number,
  proximal: number,
): Promise<Vector> {
  if (proximal === 0 && objective.descend) return objective.descend(start, batches, rate);
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
    algorithm: 'FederatedAveraging; with proximal > 0 FedProx, with another server optimizer FedOpt',
  },
  defaults,
  check({ localEpochs, batchSize, clientLearningRate, proximal, noiseScale }) {
    if (noiseScaleSettings(noiseScale)?.ownHalves)
      throw new GradswarmError(
        'ERR_SCENARIO',
        'method.noiseScale.ownHalves: expected false, got true; local training has no two halves of one gradient',
      );
    requireCount('method.localEpochs', localEpochs);
    requireCount('method.batchSize', batchSize);
    requirePositive('method.clientLearningRate', clientLearningRate);
    requireNonNegative('method.proximal', proximal);
  },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], scalars: ['examples'], lossy: 'any' },
  },
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const { localEpochs, batchSize, clientLearningRate, proximal } = at.hyperparameters;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const local = await descend(at.objective, model.params, batches, clientLearningRate, proximal);
      at.post('update', 'coordinator', { delta: subtract(local, model.params), examples: exampleCount });
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters, segments }): Server => ({
      params: initialParams,
      optimizer: loadOptimizer(hyperparameters.serverOptimizer, segments).init(initialParams.length),
      noise: noNoiseScale(),
    }),
    async round(state, at): Promise<Server> {
      const { params, optimizer } = state;
      const { noiseScale } = at.hyperparameters;
      at.post('model', at.cohort, { params });
      const modules = modulesOf(at.segments, params.length);
      const statistics = noiseScale === null ? null : new GradientStatistics(modules, false);
      const mean = statistics ?? new WeightedMean();
      for await (const { delta, examples } of at.stream('update')) mean.add(examples, delta);
      if (mean.weight === 0) return state;
      const noise = statistics
        ? measureNoiseScale(at, noiseScale, state.noise, modules, statistics, null)
        : state.noise;
      const rule = loadOptimizer(at.hyperparameters.serverOptimizer, at.segments);
      const [next, nextOptimizer] = rule.update(scale(-1, mean.value()), optimizer, params);
      return { params: next, optimizer: nextOptimizer, noise };
    },
    estimates: ({ params }) => [params],
  },
});

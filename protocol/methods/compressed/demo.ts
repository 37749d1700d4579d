import { defineMethod, type Vector } from '../../method.js';
import { addScaled, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, decay, flag } from '../../settings/kinds.js';
import { nullable } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';
import { BlockCosines } from './parts/block-cosines.js';

interface Client {
  /** m_i, as components: what was not sent of its gradients. */
  readonly momentum: Vector;
}
interface Server {
  readonly params: Vector;
}

const settings = defineSettings({
  learningRate: schedule(0.05, 'Step size of each round'),
  momentum: decay(0.9, 'beta: decay factor of the momentum of each client'),
  blockSize: nullable(
    count(64, 'Numbers of a block of the cosine transform; null: none, components are the entries themselves', 512),
  ),
  signed: flag(false, "Of the mean of what was sent only the signs are used, as in the authors' code"),
  batchSize: nullable(count(32, 'Examples of a gradient, without replacement; null: all of the shard')),
});

/**
 * m = beta m + T g, q = C(m), m = m - q, x = x - rate T' mean q. C is the codec of the kind, T the cosine transform: without a codec
 * all of m is sent and nothing stays.
 */
export default defineMethod({
  name: 'demo',
  paper: {
    title: 'DeMo: Decoupled Momentum Optimization',
    url: 'https://arxiv.org/abs/2411.19870',
    algorithm: 'DeMo: the fast components of a local momentum are sent and taken from it',
    reconstruction:
      'Reconstructed, not checked against the paper. Ours: the sparse codec is the one of the scenario (top-k), which chooses among all ' +
      'components of a model or a tensor, not in each block; blocks are of one dimension; workers are clients of a server.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    fast: { from: 'clients', to: 'coordinator', vectors: ['components'], lossy: 'contractive', memory: 'method' },
  },
  client: ({ hyperparameters: { momentum: beta, blockSize, batchSize }, segments }) => {
    const cosines = blockSize === null ? null : new BlockCosines(segments, blockSize);
    return {
      init: ({ initialParams }): Client => ({ momentum: zerosLike(initialParams) }),
      async round({ momentum: before }, at): Promise<Client> {
        const [model] = await at.take('model');
        const { exampleCount } = at.objective;
        if (!model || exampleCount === 0) return { momentum: before };
        const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
        const gradient = await at.objective.gradient(model.params, batch);
        const momentum = addScaled(cosines?.forward(gradient) ?? gradient, beta, before);
        const { components } = at.post('fast', 'coordinator', { components: momentum });
        return { momentum: subtract(momentum, components) };
      },
    };
  },
  coordinator: ({ hyperparameters: { learningRate, blockSize, signed }, segments }) => {
    const cosines = blockSize === null ? null : new BlockCosines(segments, blockSize);
    const rateAt = scheduleOf(learningRate);
    return {
      init: ({ initialParams }): Server => ({ params: initialParams }),
      async round({ params }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        const mean = new WeightedMean();
        for await (const { components } of at.stream('fast')) mean.add(1, components);
        if (mean.weight === 0) return { params };
        const components = mean.value();
        const update = cosines?.inverse(components) ?? components;
        if (signed) for (let i = 0; i < update.length; i++) update[i] = Math.sign(update[i]!);
        return { params: addScaled(params, -rateAt(at.index), update) };
      },
      estimates: ({ params }) => [params],
    };
  },
});

import { defineMethod, type Vector } from '../../method.js';
import { addScaled, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** h_i, which converges to this client's gradient at the minimum. */
  readonly shift: Vector;
}
interface Server {
  readonly params: Vector;
  /** Mean of all clients' h_i. */
  readonly shift: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  shiftStepSize: positive(0.1, 'alpha, at most 1 / (1 + omega) of the codec: for random-k scaled, k / d'),
  batchSize: count(null, 'Examples of a gradient; null: all of the shard'),
});

export default defineMethod({
  name: 'diana',
  paper: {
    title: 'Distributed Learning with Compressed Gradient Differences',
    url: 'https://arxiv.org/abs/1901.09269',
    algorithm: 'DIANA without a regulariser and without momentum, h_i = 0 at first',
    reconstruction: 'Reconstructed, not checked against the paper; the bound on shiftStepSize too.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    difference: { from: 'clients', to: 'coordinator', vectors: ['difference'], lossy: 'unbiased', memory: 'method' },
  },
  client: ({ hyperparameters: { batchSize, shiftStepSize } }) => ({
    init: ({ initialParams }): Client => ({ shift: zerosLike(initialParams) }),
    async round({ shift }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { shift };
      const gradient = await at.objective.gradient(model.params, at.rng.batch(exampleCount, batchSize ?? exampleCount));
      const { difference } = at.post('difference', 'coordinator', { difference: subtract(gradient, shift) });
      return { shift: addScaled(shift, shiftStepSize, difference) };
    },
  }),
  coordinator: ({ hyperparameters: { stepSize, shiftStepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Server => ({ params: initialParams, shift: zerosLike(initialParams) }),
      async round({ params, shift }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        const differences = new WeightedMean();
        for await (const { difference } of at.stream('difference')) differences.add(1, difference);
        if (differences.weight === 0) return { params, shift };
        const mean = differences.value();
        // Over a uniform cohort h + mean of m_i has the mean of all gradients as its expectation.
        const gradient = addScaled(shift, 1, mean);
        return {
          params: addScaled(params, -stepAt(at.index), gradient),
          shift: addScaled(shift, (shiftStepSize * differences.weight) / at.clientCount, mean),
        };
      },
      estimates: ({ params }) => [params],
    };
  },
});

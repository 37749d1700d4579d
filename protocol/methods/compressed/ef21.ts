import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, subtract, zerosLike } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** g_i: what the server takes this client's gradient for. */
  readonly estimate: Vector;
}
interface Server {
  readonly params: Vector;
  /** Mean of all clients' g_i. */
  readonly estimate: Vector;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  batchSize: count(null, 'Examples of a gradient; null: all of the shard'),
});

export default defineMethod({
  name: 'ef21',
  paper: {
    title: 'EF21: A New, Simpler, Theoretically Better, and Practically Faster Error Feedback',
    url: 'https://arxiv.org/abs/2106.05203',
    algorithm: 'Algorithm 2 with g_i = 0 at first; clients that are not invited keep their g_i',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    correction: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['correction'],
      lossy: 'contractive',
      memory: 'method',
    },
  },
  client: ({ hyperparameters: { batchSize } }) => ({
    init: ({ initialParams }): Client => ({ estimate: zerosLike(initialParams) }),
    async round({ estimate }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { estimate };
      const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
      const gradient = await at.objective.gradient(model.params, batch);
      const { correction } = at.post('correction', 'coordinator', { correction: subtract(gradient, estimate) });
      return { estimate: add(estimate, correction) };
    },
  }),
  coordinator: ({ hyperparameters: { stepSize } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Server => ({ params: initialParams, estimate: zerosLike(initialParams) }),
      async round({ params, estimate }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        const corrections = new WeightedMean();
        for await (const { correction } of at.stream('correction')) corrections.add(1, correction);
        if (corrections.weight === 0) return { params, estimate };
        // A correction that was lost is one that its client has not made either: the mean stays that of the g_i.
        const next = addScaled(estimate, corrections.weight / at.clientCount, corrections.value());
        return { params: addScaled(params, -stepAt(at.index), next), estimate: next };
      },
      estimates: ({ params }) => [params],
    };
  },
});

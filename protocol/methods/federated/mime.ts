import { defineMethod, type Vector } from '../../method.js';
import { add, addScaled, copy, scale, subtract, zerosLike } from '../../numerics/vector.js';
import { count, decay, flag, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Server {
  readonly params: Vector;
  /** m, the server's momentum, which stays as it is during the local steps. */
  readonly momentum: Vector;
}

const settings = defineSettings({
  localSteps: count(10, 'K: steps of every client in a round'),
  batchSize: count(32, 'Examples of a local gradient'),
  clientLearningRate: positive(0.1, 'eta: step size of a local step'),
  momentum: decay(0.9, 'beta: decay factor of the server momentum'),
  correction: flag(true, 'Correct local gradients by the mean gradient at the model; false: MimeLite'),
});

export default defineMethod({
  name: 'mime',
  paper: {
    title: 'Mime: Mimicking Centralized Stochastic Algorithms in Federated Learning',
    url: 'https://arxiv.org/abs/2008.03606',
    algorithm: 'Mime and MimeLite with SGD with momentum as base algorithm',
    reconstruction: 'Reconstructed, not checked against the paper; the mean gradient is that of the round’s cohort.',
  },
  settings,
  weighsBy: () => 'examples',
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params', 'momentum'] },
    gradient: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradient'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
    control: { from: 'coordinator', to: 'cohort', vectors: ['control'] },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['delta'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters: { localSteps, batchSize, clientLearningRate: rate, momentum: beta, correction } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { objective } = at;
      const { exampleCount } = objective;
      if (!model || exampleCount === 0) {
        // An empty step, so that the coordinator does not wait for it; what it answers is taken and not used.
        at.post('gradient', [], { gradient: at.zeros(), examples: 0 });
        await at.take('control');
        return state;
      }
      const all = Uint32Array.from({ length: exampleCount }, (_, i) => i);
      const atModel = await objective.gradient(model.params, all);
      at.post('gradient', 'coordinator', { gradient: atModel, examples: exampleCount });
      const [answer] = await at.take('control');
      if (!answer) return state;
      const { params: x, momentum: m } = model;
      const y = copy(x);
      for (let step = 0; step < localSteps; step++) {
        const batch = at.rng.batch(exampleCount, batchSize);
        const local = copy(await objective.gradient(y, batch));
        // g = grad f_i(y; batch) - grad f_i(x; batch) + c
        const g = correction ? add(subtract(local, await objective.gradient(x, batch)), answer.control) : local;
        for (let i = 0; i < y.length; i++) y[i] = y[i]! - rate * ((1 - beta) * g[i]! + beta * m[i]!);
      }
      at.post('update', 'coordinator', { delta: subtract(y, x), examples: exampleCount });
      return state;
    },
  }),
  coordinator: ({ hyperparameters: { momentum: beta } }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, momentum: zerosLike(initialParams) }),
    async round({ params, momentum }, at): Promise<Server> {
      at.post('model', at.cohort, { params, momentum });
      const gradients = new WeightedMean();
      for await (const { gradient, examples } of at.stream('gradient')) gradients.add(examples, gradient);
      const control = gradients.weight === 0 ? zerosLike(params) : gradients.value();
      at.post('control', gradients.weight === 0 ? [] : at.cohort, { control });
      const deltas = new WeightedMean();
      for await (const { delta, examples } of at.stream('update')) deltas.add(examples, delta);
      if (deltas.weight === 0) return { params, momentum };
      return {
        params: addScaled(params, 1, deltas.value()),
        // m = beta m + (1 - beta) c
        momentum: addScaled(scale(beta, momentum), 1 - beta, control),
      };
    },
    estimates: ({ params }) => [params],
  }),
});

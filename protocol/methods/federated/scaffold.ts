import { defineMethod, type Vector } from '../../method.js';
import { requireCount, requirePositive } from '../../numerics/settings.js';
import { addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** c_i. */
  readonly control: Vector;
}
interface Server {
  readonly params: Vector;
  /** c, the mean of all clients' controls. */
  readonly control: Vector;
}

const defaults = { localSteps: 10, batchSize: 32, clientLearningRate: 0.1, serverLearningRate: 1 };

export default defineMethod({
  name: 'scaffold',
  paper: {
    title: 'SCAFFOLD: Stochastic Controlled Averaging for Federated Learning',
    url: 'https://arxiv.org/abs/1910.06378',
    algorithm: 'Algorithm 1, option II',
  },
  defaults,
  check({ localSteps, batchSize, clientLearningRate, serverLearningRate }) {
    requireCount('method.localSteps', localSteps);
    requireCount('method.batchSize', batchSize);
    requirePositive('method.clientLearningRate', clientLearningRate);
    requirePositive('method.serverLearningRate', serverLearningRate);
  },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params', 'control'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta', 'controlDelta'], lossy: 'any' },
  },
  client: {
    init: ({ initialParams }): Client => ({ control: zerosLike(initialParams) }),
    async round({ control }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { control };
      // x, c: server's parameters and control; c_i: this client's control; y: local parameters.
      const { params: x, control: c } = model;
      const { localSteps, batchSize, clientLearningRate: rate } = at.hyperparameters;
      const y = copy(x);
      let gradient: Vector | undefined;
      for (let step = 0; step < localSteps; step++) {
        gradient = await at.objective.gradient(y, at.rng.batch(exampleCount, batchSize), gradient);
        for (let i = 0; i < y.length; i++) y[i] = y[i]! - rate * (gradient[i]! - control[i]! + c[i]!);
      }
      // c_i+ = c_i - c + (x - y) / (K rate)
      const next = zerosLike(control);
      for (let i = 0; i < next.length; i++) next[i] = control[i]! - c[i]! + (x[i]! - y[i]!) / (localSteps * rate);
      const posted = at.post('update', 'coordinator', { delta: subtract(y, x), controlDelta: subtract(next, control) });
      // What the server adds is what it decoded; both sides must hold the same control.
      return { control: addScaled(control, 1, posted.controlDelta) };
    },
  },
  coordinator: {
    init: ({ initialParams }): Server => ({ params: initialParams, control: zerosLike(initialParams) }),
    async round({ params, control }, at): Promise<Server> {
      at.post('model', at.cohort, { params, control });
      const step = new WeightedMean();
      const drift = new WeightedMean();
      for await (const { delta, controlDelta } of at.stream('update')) {
        step.add(1, delta);
        drift.add(1, controlDelta);
      }
      if (step.weight === 0) return { params, control };
      return {
        params: addScaled(params, at.hyperparameters.serverLearningRate, step.value()),
        control: addScaled(control, step.weight / at.clientCount, drift.value()),
      };
    },
    estimates: ({ params }) => [params],
  },
});

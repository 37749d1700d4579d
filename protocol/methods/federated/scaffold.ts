import { GradswarmError } from '../../errors.js';
import { type ClientIndex, defineMethod, type PartyId, type Vector } from '../../method.js';
import { addScaled, copy, subtract, zerosLike } from '../../numerics/vector.js';
import { count, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** c_i. */
  readonly control: Vector;
}
interface Server {
  readonly params: Vector;
  /** c, the mean of all clients' controls, by the weighting. */
  readonly control: Vector;
}

const settings = defineSettings({
  localSteps: count(10, 'K: steps of every client in a round'),
  batchSize: count(32, 'Examples of a local gradient'),
  clientLearningRate: positive(0.1, 'eta_l: step size of a local step'),
  serverLearningRate: positive(1, 'eta_g: factor of the mean change of the clients'),
  weighting: oneOf(
    ['clients', 'examples'],
    'clients',
    "What is minimised: the mean over clients, as in the paper, or over examples, as FedAvg's",
  ),
});

export default defineMethod({
  name: 'scaffold',
  paper: {
    title: 'SCAFFOLD: Stochastic Controlled Averaging for Federated Learning',
    url: 'https://arxiv.org/abs/1910.06378',
    algorithm: 'Algorithm 1, option II, which minimises the mean over clients',
    reconstruction: 'Reconstructed, not checked against the paper.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params', 'control'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta', 'controlDelta'], lossy: 'any' },
  },
  client: ({ hyperparameters: { localSteps, batchSize, clientLearningRate: rate } }) => ({
    init: ({ initialParams }): Client => ({ control: zerosLike(initialParams) }),
    async round({ control }, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return { control };
      // x, c: server's parameters and control; c_i: this client's control; y: local parameters.
      const { params: x, control: c } = model;
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
  }),
  coordinator: ({ hyperparameters: { serverLearningRate, weighting }, clientCount, exampleCounts }) => {
    const counts = weighting === 'examples' ? requiredCounts(exampleCounts?.()) : null;
    const weightOf = (client: PartyId): number => counts?.[client as ClientIndex] ?? 1;
    const total = counts?.reduce((sum, count) => sum + count, 0) ?? clientCount;
    return {
      init: ({ initialParams }): Server => ({ params: initialParams, control: zerosLike(initialParams) }),
      async round({ params, control }, at): Promise<Server> {
        at.post('model', at.cohort, { params, control });
        const step = new WeightedMean();
        const drift = new WeightedMean();
        for await (const { from, delta, controlDelta } of at.stream('update')) {
          step.add(weightOf(from), delta);
          drift.add(weightOf(from), controlDelta);
        }
        if (step.weight === 0) return { params, control };
        return {
          params: addScaled(params, serverLearningRate, step.value()),
          control: addScaled(control, step.weight / total, drift.value()),
        };
      },
      estimates: ({ params }) => [params],
    };
  },
});

function requiredCounts(counts: readonly number[] | undefined): readonly number[] {
  if (counts) return counts;
  throw new GradswarmError('ERR_PROTOCOL', "weighting 'examples': expected the clients' numbers of examples, got none");
}

import { type ClientIndex, defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { accumulate, scale, zerosLike } from '../../numerics/vector.js';
import { atLeastZero, number, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { gradientOn, gradientSettings, minibatch } from '../parts/minibatch.js';
import { riskWeights, sigmaOf } from './parts/spectral-risk.js';

/** What the server keeps of a client that has come. */
interface Entry {
  readonly client: ClientIndex;
  readonly loss: number;
  /** g_i. */
  readonly gradient: ReadonlyVector;
  /** rho_i, the weight that was used with it. */
  readonly weight: number;
}
interface Server {
  readonly params: ReadonlyVector;
  /** Ascending by client. */
  readonly table: readonly Entry[];
}

const settings = defineSettings({
  spectrum: oneOf(
    ['mean', 'cvar', 'extremile', 'exponential'],
    'cvar',
    "Weights of the ascending losses of the clients; 'mean': all alike",
  ),
  level: number(0.5, "'cvar': the mean loss of the worst share 1 - level of the clients", { least: 0, below: 1 }),
  order: number(2, "'extremile': the expected largest loss of so many clients", { least: 1 }),
  rate: positive(1, "'exponential': rho"),
  shiftCost: atLeastZero(0, 'c: (c/2) |q - 1/n|^2 holds the weights q near equal ones; 0: it does not'),
  learningRate: positive(0.1, 'eta: step size'),
  l2: atLeastZero(0, 'mu: weight of (mu/2) |w|^2, by its proximal step'),
  ...gradientSettings,
});

export default defineMethod({
  name: 'prospect',
  paper: {
    title: 'Distributionally Robust Optimization with Bias and Variance Reduction',
    url: 'https://arxiv.org/abs/2310.13863',
    algorithm: 'Prospect, with the clients in place of the examples',
    reconstruction:
      "The authors' update, from their code; over clients it is ours. The losses of a round enter the weights at once, so that with all clients the " +
      'step is exact; of a part of them the table of their last gradients completes it.',
  },
  settings,
  measures: ['risk', 'largestWeight'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['loss'], lossy: 'any' },
  },
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model || at.objective.exampleCount === 0) return state;
      const batch = minibatch(at);
      const loss = await at.objective.loss(model.params, batch);
      at.post('gradient', 'coordinator', { gradient: await gradientOn(at, model.params, batch), loss });
      return state;
    },
  },
  coordinator: ({ hyperparameters: { shiftCost, learningRate, l2, ...spectrum } }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, table: [] }),
    async round({ params, table }, at): Promise<Server> {
      at.post('model', at.cohort, { params });
      const before = new Map(table.map((entry) => [entry.client, entry]));
      const fresh = new Map<ClientIndex, { readonly gradient: Vector; readonly loss: number }>();
      for await (const { from, gradient, loss } of at.stream('gradient'))
        fresh.set(Number(from), { gradient: scale(1, gradient), loss });
      if (fresh.size === 0) return { params, table };
      const clients = [...new Set([...before.keys(), ...fresh.keys()])].sort((a, b) => a - b);
      const losses = clients.map((client) => (fresh.get(client) ?? before.get(client)!).loss);
      const lambda = riskWeights(losses, sigmaOf(spectrum, clients.length), shiftCost);
      // v = (n/m) sum over the m that came of (lambda_i g_i - rho_i g_i of before) + sum over all of rho_j g_j of before
      const factor = clients.length / fresh.size;
      const v = zerosLike(params);
      const next = clients.map((client, i): Entry => {
        const [now, last] = [fresh.get(client), before.get(client)];
        if (last) accumulate(v, last.weight * (now ? 1 - factor : 1), last.gradient);
        if (!now) return last!;
        accumulate(v, factor * lambda[i]!, now.gradient);
        return { client, loss: now.loss, gradient: now.gradient, weight: lambda[i]! };
      });
      at.measure(
        'risk',
        losses.reduce((sum, loss, i) => sum + lambda[i]! * loss, 0),
      );
      at.measure(
        'largestWeight',
        lambda.reduce((a, b) => Math.max(a, b)),
      );
      // w = (w - eta v) / (1 + eta mu)
      const moved = accumulate(scale(1, params), -learningRate, v);
      return { params: l2 === 0 ? moved : scale(1 / (1 + learningRate * l2), moved), table: next };
    },
    estimates: ({ params }) => [params],
  }),
});

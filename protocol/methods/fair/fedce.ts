import { type ClientIndex, defineMethod, type ReadonlyVector, type Vector } from '../../method.js';
import { exp } from '../../numerics/elementary.js';
import { accumulate, addScaled, copy, dot, norm, scale, subtract, zerosLike } from '../../numerics/vector.js';
import { count, number, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { contributions } from './parts/contributions.js';

interface Client {
  /** Examples that are never trained on; none before the first round. */
  readonly validation: Uint32Array;
  /** w_i, its own model after its last round; of length 0 before. */
  readonly last: ReadonlyVector;
  /** Sum of the scores m over its rounds, and how many there were. */
  readonly scores: number;
  readonly rounds: number;
}
interface Server {
  readonly params: ReadonlyVector;
  /** c, one weight a client; their sum is 1. */
  readonly weights: Float64Array;
  /** Sums of the cosines over a client's rounds, and how many there were. */
  readonly cosines: Float64Array;
  readonly rounds: Float64Array;
}

const settings = defineSettings({
  combine: oneOf(['times', 'plus'], 'times', 'How the share of difference and the share of error are combined'),
  validationShare: number(0.2, "Share of a client's examples that it scores models on and does not train on", {
    above: 0,
    below: 1,
  }),
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
});

/** More columns than this are not read. */
const MOST_COLUMNS = 100;

export default defineMethod({
  name: 'fedce',
  paper: {
    title: 'Fair Federated Medical Image Segmentation via Client Contribution Estimation',
    url: 'https://arxiv.org/abs/2303.16520',
    algorithm: 'FedCE: weights by the direction of updates and by the error of the model without the client',
    reconstruction:
      "The authors' recursion, from their code. Ours: the score e^-loss in place of the Dice coefficient, weights that sum to 1 again after " +
      'their floor, and rounds of a part of the clients, which share the weight that they had.',
  },
  settings,
  measures: ['largestContribution', 'contribution/*'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    contribution: { from: 'coordinator', to: 'cohort', scalars: ['weight'] },
    update: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['delta'],
      scalars: ['error'],
      lossy: 'any',
      fits: ({ error }) => error >= 0 && error <= 1,
    },
  },
  client: ({ hyperparameters: { validationShare, localEpochs, batchSize, clientLearningRate } }) => ({
    init: ({ initialParams }): Client => ({
      validation: new Uint32Array(0),
      last: initialParams.slice(0, 0),
      scores: 0,
      rounds: 0,
    }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const [own] = await at.take('contribution');
      const { exampleCount } = at.objective;
      if (!model || !own || exampleCount === 0) return state;
      const { params: w } = model;
      const held = Math.min(Math.max(1, Math.floor(validationShare * exampleCount)), Math.max(1, exampleCount - 1));
      const validation = state.rounds > 0 ? state.validation : at.rng.derive('validation').batch(exampleCount, held);
      // w_-i = (w - c_i w_i) / (1 - c_i), the model without this client, on this client's data.
      const { weight } = own;
      const without =
        state.rounds > 0 && weight < 1 ? scale(1 / (1 - weight), addScaled(w, -weight, state.last)) : null;
      const score = without ? exp(-Math.max(0, await at.objective.loss(without, validation))) : 0;
      const [scores, rounds] = [state.scores + score, state.rounds + 1];
      const trained = Uint32Array.from({ length: exampleCount }, (_, i) => i).filter((i) => !validation.includes(i));
      const examples = trained.length > 0 ? trained : validation;
      const batches = localBatches(at.rng, examples.length, localEpochs, batchSize);
      const rows = batches.map((batch) => batch.map((place) => examples[place]!));
      const local = await descend(at.objective, w, rows, clientLearningRate, 0);
      at.post('update', 'coordinator', { delta: subtract(local, w), error: 1 - scores / rounds });
      return { validation, last: local, scores, rounds };
    },
  }),
  coordinator: ({ hyperparameters: { combine }, clientCount }) => ({
    init: ({ initialParams }): Server => ({
      params: initialParams,
      weights: new Float64Array(clientCount).fill(1 / clientCount),
      cosines: new Float64Array(clientCount),
      rounds: new Float64Array(clientCount),
    }),
    async round(state, at): Promise<Server> {
      const { params } = state;
      at.post('model', at.cohort, { params });
      at.postEach(
        'contribution',
        at.cohort.map((to) => ({ to, payload: { weight: state.weights[to]! } })),
      );
      const updates: { readonly client: ClientIndex; readonly delta: Vector; readonly error: number }[] = [];
      for await (const { from, delta, error } of at.stream('update'))
        updates.push({ client: Number(from), delta: copy(delta), error });
      if (updates.length === 0) return state;
      const [weights, cosines, rounds] = [state.weights.slice(), state.cosines.slice(), state.rounds.slice()];
      // G = sum c_j D_j with the weights of before; cos_i is that of D_i and G - c_i D_i.
      const whole = zerosLike(params);
      for (const { client, delta } of updates) accumulate(whole, weights[client]!, delta);
      for (const { client, delta } of updates) {
        const others = addScaled(whole, -weights[client]!, delta);
        const lengths = norm(delta) * norm(others);
        cosines[client]! += lengths > 0 ? dot(delta, others) / lengths : 0;
        rounds[client]! += 1;
      }
      const distances = updates.map(({ client }) => Math.max(0, 1 - cosines[client]! / rounds[client]!));
      const shares = contributions(
        distances,
        updates.map(({ error }) => error),
        combine,
      );
      const together = updates.reduce((sum, { client }) => sum + weights[client]!, 0);
      const step = zerosLike(params);
      for (const [i, { client, delta }] of updates.entries()) {
        weights[client] = together * shares[i]!;
        accumulate(step, shares[i]!, delta);
      }
      at.measure(
        'largestContribution',
        weights.reduce((a, b) => Math.max(a, b)),
      );
      if (clientCount <= MOST_COLUMNS)
        for (const [client, weight] of weights.entries()) at.measure(`contribution/${client}`, weight);
      // w += sum c_i D_i with the new weights
      return { params: addScaled(params, 1, step), weights, cosines, rounds };
    },
    estimates: ({ params }) => [params],
  }),
});

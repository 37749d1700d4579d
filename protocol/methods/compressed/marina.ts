import { defineMethod, type Rng, type Vector } from '../../method.js';
import { add, addScaled, copy, subtract } from '../../numerics/vector.js';
import { schedule, scheduleOf } from '../../schedules/schedule.js';
import { count, fraction } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Client {
  /** The model of the last round this client took part in, and that round; -1: none yet. */
  readonly seen: Vector;
  readonly seenRound: number;
}
interface Server {
  readonly params: Vector;
  /** g: estimate of the mean gradient; null before the first round whose gradients arrived. */
  readonly estimate: Vector | null;
}

const settings = defineSettings({
  stepSize: schedule(0.05, 'Step size of each round'),
  denseProbability: fraction(
    0.1,
    'p of a round with whole gradients; about the share of a gradient that a compressed difference takes',
  ),
  batchSize: count(null, 'Examples of a gradient, the same at both points of a difference; null: all of the shard'),
});

/** The coin of the round that all parties share. */
function isDense(index: number, probability: number, shared: Rng): boolean {
  return index === 0 || shared.derive('marina', 'dense').uniform() < probability;
}

export default defineMethod({
  name: 'marina',
  paper: {
    title: 'MARINA: Faster Non-Convex Distributed Learning with Compression',
    url: 'https://arxiv.org/abs/2102.07845',
    algorithm: 'Algorithm 1; with batches close to VR-MARINA, whose dense rounds take whole shards',
    reconstruction: 'Reconstructed, not checked against the paper. The default of denseProbability is ours.',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'] },
    difference: { from: 'clients', to: 'coordinator', vectors: ['difference'], lossy: 'unbiased', memory: 'method' },
  },
  client: ({ hyperparameters: { batchSize, denseProbability } }) => ({
    init: ({ initialParams }): Client => ({ seen: initialParams, seenRound: -1 }),
    async round(state, at): Promise<Client> {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batch = at.rng.batch(exampleCount, batchSize ?? exampleCount);
      const next = { seen: copy(model.params), seenRound: at.index };
      if (isDense(at.index, denseProbability, at.shared))
        at.post('gradient', 'coordinator', { gradient: await at.objective.gradient(model.params, batch) });
      else if (state.seenRound === at.index - 1) {
        const now = copy(await at.objective.gradient(model.params, batch));
        const before = await at.objective.gradient(state.seen, batch);
        at.post('difference', 'coordinator', { difference: subtract(now, before) });
      }
      // Without the last round's model there is no difference to send; from the next round on there is.
      return next;
    },
  }),
  coordinator: ({ hyperparameters: { stepSize, denseProbability } }) => {
    const stepAt = scheduleOf(stepSize);
    return {
      init: ({ initialParams }): Server => ({ params: initialParams, estimate: null }),
      async round({ params, estimate }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        const mean = new WeightedMean();
        const dense = isDense(at.index, denseProbability, at.shared);
        if (dense) for await (const { gradient } of at.stream('gradient')) mean.add(1, gradient);
        else for await (const { difference } of at.stream('difference')) mean.add(1, difference);
        let next = estimate;
        if (mean.weight > 0) next = dense ? mean.value() : estimate && add(estimate, mean.value());
        if (!next) return { params, estimate };
        return { params: addScaled(params, -stepAt(at.index), next), estimate: next };
      },
      estimates: ({ params }) => [params],
    };
  },
});

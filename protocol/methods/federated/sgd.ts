import { defineMethod, type ReadonlyVector, type Segment, type Vector } from '../../method.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { clipComponents } from '../../optimizers/parts/component-clipping.js';
import { count, oneOf, positive } from '../../settings/kinds.js';
import { required } from '../../settings/setting.js';
import { defineSettings, group, type SettingsOf } from '../../settings/settings.js';
import { counting } from '../parts/fits.js';
import { withFormerNoise } from '../parts/former-state.js';
import { GradientEvidence } from './parts/evidence.js';
import {
  drawWeighted,
  importanceSettings,
  probabilitiesOf,
  refreshed,
  type Scores,
  weightedGradient,
} from './parts/importance.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** Parameters of the round before, for optimizers that compare gradients at both; else empty. */
  readonly previous: Vector;
}

const settings = defineSettings({
  batchSize: count(32, "Examples of each client's batch"),
  importance: group(
    importanceSettings,
    null,
    'Examples are drawn with replacement by scores, with weights 1 / (n p_i) that keep the gradient unbiased; a batch as large as the shard is the shard. null: uniformly, without replacement',
  ),
  optimizer: optimizer(
    { name: 'sgd', learningRate: 0.1 },
    'Any optimizer, also one that needs more than the mean gradient',
  ),
  tensorClipping: group(
    defineSettings({
      threshold: positive(required, 'Largest norm of a tensor'),
      site: oneOf(['clients', 'coordinator'], required, "Clips each client's gradient, or the mean"),
    }),
    null,
    'Every tensor clipped on its own. At the clients this bounds what one client can do and biases means of unlike clients',
  ),
});
type Settings = SettingsOf<typeof settings>;

/** The clipping of one site; the identity where the settings name the other, or none. */
function clippingAt(site: string, { tensorClipping }: Settings, segments: readonly Segment[]) {
  if (tensorClipping?.site !== site) return (gradient: Vector): Vector => gradient;
  return (gradient: Vector): Vector => clipComponents(gradient, segments, tensorClipping.threshold);
}

export default defineMethod({
  name: 'sgd',
  paper: {
    title: 'Large Scale Distributed Deep Networks (synchronous form)',
    url: 'https://papers.nips.cc/paper/4687-large-scale-distributed-deep-networks',
    algorithm: 'synchronous parallel SGD',
  },
  settings,
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    gradient: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradient'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
    /** Only for optimizers that need the current batch's gradient at the previous parameters: those, and the answer. */
    previousModel: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    previousGradient: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['gradient'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters, segments }) => {
    const comparing = loadOptimizer(hyperparameters.optimizer, segments).needs?.includes('gradientAtPrevious');
    const clipped = clippingAt('clients', hyperparameters, segments);
    return {
      init: (): Scores | null => null,
      async round(state, at) {
        const { objective } = at;
        const { importance, batchSize } = hyperparameters;
        const [model] = await at.take('model');
        const [previous] = comparing ? await at.take('previousModel') : [];
        if (!model || (comparing && !previous)) return state;
        const sampled = importance && batchSize < objective.exampleCount;
        const next = sampled ? await refreshed(state, at.index, importance, objective, model.params) : state;
        const drawn = sampled
          ? drawWeighted(at.rng, probabilitiesOf(next!.scores, importance.uniform), batchSize)
          : { batch: at.rng.batch(objective.exampleCount, batchSize), weights: null };
        const { batch, weights } = drawn;
        const gradientAt = (params: ReadonlyVector): Promise<Vector> | Vector =>
          weights
            ? weightedGradient(objective, params, { batch, weights }, at.zeros())
            : objective.gradient(params, batch, at.borrow());
        const examples = batch.length;
        if (examples === 0) return state;
        const gradient = clipped(await gradientAt(model.params));
        const sent = at.post('gradient', 'coordinator', { gradient, examples });
        // The coordinator gets another one: what a codec has made of it.
        if (sent.gradient !== gradient) at.giveBack(gradient);
        if (previous) {
          const before = clipped(await gradientAt(previous.params));
          at.post('previousGradient', 'coordinator', { gradient: before, examples });
        }
        return next;
      },
    };
  },
  coordinator: ({ hyperparameters, segments, parameterCount }) => {
    const rule = loadOptimizer(hyperparameters.optimizer, segments);
    const comparing = rule.needs?.includes('gradientAtPrevious');
    const clipped = clippingAt('coordinator', hyperparameters, segments);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        optimizer: rule.init(parameterCount),
        previous: comparing ? initialParams : initialParams.slice(0, 0),
      }),
      async round(state, at): Promise<Server> {
        const { params } = state;
        at.post('model', at.cohort, { params });
        if (comparing) at.post('previousModel', at.cohort, { params: state.previous });
        const received = new GradientEvidence(rule, hyperparameters.optimizer, parameterCount, at);
        for await (const { from, gradient, examples } of at.stream('gradient')) received.add(from, examples, gradient);
        if (comparing)
          for await (const { gradient, examples } of at.stream('previousGradient'))
            received.addPrevious(examples, gradient);
        if (received.weight === 0) return state;
        const gradient = clipped(received.mean());
        const evidence = received.of(gradient);
        if (!evidence) return state;
        const [next, optimizer] = rule.update(gradient, state.optimizer, params, evidence);
        return { ...state, params: next, optimizer, previous: comparing ? params : state.previous };
      },
      estimates: ({ params }) => [params],
      digested: withFormerNoise,
    };
  },
});

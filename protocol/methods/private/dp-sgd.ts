import { defineMethod, type Vector } from '../../method.js';
import { accumulate, zerosLike } from '../../numerics/vector.js';
import { loadOptimizer, optimizer } from '../../optimizers/load-optimizer.js';
import { atLeastZero, fraction, positive } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { finiteRadius } from './parts/noise-conflicts.js';
import { answersNeeded, noiseShares, trustSettings } from './parts/trust-placement.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
}

const settings = defineSettings({
  sampling: fraction(0.1, "q: probability with which each example is in a step's batch, by its own coin"),
  expectedBatchSize: positive(
    32,
    'B: expected examples of a step over all clients, a public constant; never the number that was drawn',
  ),
  clippingRadius: positive(1, "C: radius of one example's gradient over the whole parameter vector"),
  noiseMultiplier: atLeastZero(1, 'z: noise standard deviation over C; 0: no noise, and not private'),
  optimizer: optimizer(
    { name: 'sgd', learningRate: 0.1 },
    'Sees the noised gradient alone, so that whatever it does is post-processing',
  ),
  ...trustSettings,
}).and((settings) => finiteRadius('clippingRadius', settings, settings.noiseMultiplier > 0));
type Hyperparameters = SettingsOf<typeof settings>;

/** One release of a clipped sum whose batch was sampled: add-remove adjacency, the only one the sampled Gaussian has. */
function releaseOf({ sampling }: Hyperparameters) {
  return { label: 'gradient', unit: 'example', adjacency: 'add-remove', sampling } as const;
}

function sharesOf({ placement, absentCount, colludingCount }: Hyperparameters, workerCount: number): number {
  return noiseShares({ placement, workerCount, absentCount, colludingCount });
}

export default defineMethod({
  name: 'dp-sgd',
  paper: {
    title: 'Deep Learning with Differential Privacy',
    url: 'https://arxiv.org/abs/1607.00133',
    algorithm: 'Algorithm 1, with Poisson sampling at every client and a fixed denominator',
  },
  settings,
  isPrivate: true,
  clientReleases({ placement, sampling, noiseMultiplier }) {
    if (placement === 'central' || noiseMultiplier === 0) return [];
    return [{ sampling, noiseMultiplier, count: 1, adjacency: 'add-remove' }];
  },
  measures: ['answers'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    /** Noise is added after this, or its share is worth nothing alone: no codec may act in between. */
    sum: { from: 'clients', to: 'coordinator', vectors: ['sum'] },
    /** Private by itself, so that what a codec does to it is post-processing. */
    noisedSum: { from: 'clients', to: 'coordinator', vectors: ['sum'], lossy: 'any' },
  },
  client: ({ hyperparameters }) => {
    const { sampling, clippingRadius, noiseMultiplier, placement } = hyperparameters;
    return {
      init: () => null,
      async round(state, at) {
        const [model] = await at.take('model');
        if (!model) return state;
        const batch = at.rng.poisson(at.objective.exampleCount, sampling);
        // An empty batch is a batch: omitting it would reveal that no example was drawn.
        const sum = await at.objective.clippedGradientSum(model.params, batch, clippingRadius);
        if (placement === 'central' || noiseMultiplier === 0) {
          at.post(placement === 'local' ? 'noisedSum' : 'sum', 'coordinator', { sum });
          return state;
        }
        const [noised] = at.privacy.gaussian([{ value: sum, l2Sensitivity: clippingRadius, noiseMultiplier }], {
          ...releaseOf(hyperparameters),
          ...(placement === 'distributed' ? { shares: sharesOf(hyperparameters, at.cohort.length) } : {}),
        });
        at.post(placement === 'local' ? 'noisedSum' : 'sum', 'coordinator', { sum: noised! });
        return state;
      },
    };
  },
  coordinator: ({ hyperparameters, segments }) => {
    const { clippingRadius, noiseMultiplier, placement, expectedBatchSize } = hyperparameters;
    const rule = loadOptimizer(hyperparameters.optimizer, segments);
    return {
      init: ({ initialParams }): Server => ({
        params: initialParams,
        optimizer: rule.init(initialParams.length),
      }),
      async round({ params, optimizer }, at): Promise<Server> {
        at.post('model', at.cohort, { params });
        const total = new Float64Array(params.length);
        let answers = 0;
        for await (const { sum } of at.stream(placement === 'local' ? 'noisedSum' : 'sum')) {
          accumulate(total, 1, sum);
          answers++;
        }
        at.measure('answers', answers);
        // With fewer shares than the noise was split in, the sum would be less private than accounted: it is not unmasked.
        const needed = answersNeeded({ ...hyperparameters, workerCount: at.cohort.length });
        if (placement === 'distributed' && answers < needed) return { params, optimizer };
        const parts = [{ value: total, l2Sensitivity: clippingRadius, noiseMultiplier }];
        const [noised] =
          placement === 'central' && noiseMultiplier > 0
            ? at.privacy.gaussian(parts, releaseOf(hyperparameters))
            : [total];
        const gradient = zerosLike(params);
        for (let i = 0; i < gradient.length; i++) gradient[i] = noised![i]! / expectedBatchSize;
        const [next, nextOptimizer] = rule.update(gradient, optimizer, params);
        return { params: next, optimizer: nextOptimizer };
      },
      estimates: ({ params }) => [params],
    };
  },
});

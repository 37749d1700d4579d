import type { Forecast } from '../../forecast.js';
import { defineMethod, type Vector } from '../../method.js';
import { accumulate, zerosLike } from '../../numerics/vector.js';
import {
  EMPTY_NOISE_TREE,
  growNoiseTree,
  type NoiseTreeState,
  prefixNoise,
  treeDepth,
} from '../../privacy/accounting/tree-aggregation.js';
import { hostPrivacy } from '../../privacy/mechanisms/host-privacy.js';
import { atLeastZero, count, positive } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { finiteRadius } from './parts/noise-conflicts.js';

interface Server {
  readonly params: Vector;
  /** x at the last restart of the tree. */
  readonly start: Vector;
  /** Sum of the clipped sums since then. */
  readonly prefix: Float64Array;
  readonly tree: NoiseTreeState;
}

const settings = defineSettings({
  learningRate: positive(0.1, 'eta: step size'),
  stepsPerEpoch: count(
    20,
    'Steps in which every client goes once through its examples, in a fixed order; the tree restarts after each epoch',
  ),
  expectedBatchSize: positive(32, 'B: examples of a step over all clients, a public constant'),
  clippingRadius: positive(1, "C: radius of one example's gradient"),
  noiseMultiplier: atLeastZero(4, 'z: noise standard deviation of each node over C; 0: no noise, and not private'),
}).and((settings) => finiteRadius('clippingRadius', settings, settings.noiseMultiplier > 0));

/** Examples floor(n t / E) to floor(n (t + 1) / E): each exactly once an epoch, whatever n. */
function sliceOfStep(exampleCount: number, step: number, stepsPerEpoch: number): Uint32Array {
  const from = Math.floor((exampleCount * step) / stepsPerEpoch);
  const to = Math.floor((exampleCount * (step + 1)) / stepsPerEpoch);
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

export default defineMethod({
  name: 'dp-ftrl',
  paper: {
    title: 'Practical and Private (Deep) Learning without Sampling or Shuffling',
    url: 'https://arxiv.org/abs/2103.00039',
    algorithm: 'DP-FTRL without momentum, the tree restarted every epoch',
    reconstruction:
      'The noise tree and its accounting follow the paper; a restart takes the iterate at the end of an epoch as the new ' +
      'start, and the estimator that averages several node sums is left out.',
  },
  settings,
  isPrivate: true,
  /** The coordinator alone. */
  clientReleases: () => [],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    /** Noise is added after this: no codec may act in between. */
    sum: { from: 'clients', to: 'coordinator', vectors: ['sum'] },
  },
  client: ({ hyperparameters: { stepsPerEpoch, clippingRadius } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      if (!model) return state;
      const batch = sliceOfStep(at.objective.exampleCount, at.index % stepsPerEpoch, stepsPerEpoch);
      const sum = await at.objective.clippedGradientSum(model.params, batch, clippingRadius);
      at.post('sum', 'coordinator', { sum });
      return state;
    },
  }),
  coordinator: ({
    hyperparameters: { learningRate, stepsPerEpoch, expectedBatchSize, clippingRadius, noiseMultiplier },
  }) => ({
    init: ({ initialParams }): Server => ({
      params: initialParams,
      start: initialParams,
      prefix: new Float64Array(initialParams.length),
      tree: EMPTY_NOISE_TREE,
    }),
    async round(state, at): Promise<Server> {
      const { params } = state;
      at.post('model', at.cohort, { params });
      const isFirstLeaf = at.index % stepsPerEpoch === 0;
      const start = isFirstLeaf ? params : state.start;
      const prefix = isFirstLeaf ? new Float64Array(params.length) : state.prefix.slice();
      for await (const { sum } of at.stream('sum')) accumulate(prefix, 1, sum);
      const before = isFirstLeaf ? EMPTY_NOISE_TREE : state.tree;
      const tree =
        noiseMultiplier === 0
          ? before
          : growNoiseTree(before, () =>
              hostPrivacy(at.privacy).treeNode(
                {
                  length: params.length,
                  l2Sensitivity: clippingRadius,
                  noiseMultiplier,
                  depth: treeDepth(stepsPerEpoch),
                  isFirstLeaf,
                },
                { label: 'prefix sum', unit: 'example', adjacency: 'add-remove' },
              ),
            );
      const noise = prefixNoise(tree, params.length);
      // x_t = x_0 - eta (noisy prefix sum of mean gradients)
      const next = zerosLike(params);
      for (let i = 0; i < next.length; i++)
        next[i] = start[i]! - (learningRate * (prefix[i]! + noise[i]!)) / expectedBatchSize;
      return { params: next, start, prefix, tree };
    },
    estimates: ({ params }) => [params],
  }),
});

export const forecast: Forecast<SettingsOf<typeof settings>> = ({ stepsPerEpoch, noiseMultiplier }, { rounds }) => [
  noiseMultiplier === 0
    ? 'dp-ftrl: no noise (noiseMultiplier: 0), so the run is not private.'
    : `dp-ftrl: ${Math.ceil(rounds / stepsPerEpoch)} trees of ${treeDepth(stepsPerEpoch)} levels; a tree is charged whole at its first step.`,
];

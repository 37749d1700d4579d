import { defineMethod, type Vector } from '../../method.js';
import { addScaled, zerosLike } from '../../numerics/vector.js';
import { DELTA_RANGE } from '../../privacy/accounting/ranges.js';
import { count, number, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import {
  ADJACENCIES,
  clippedMean,
  isCovered,
  MeanOfMeans,
  type MeanRelease,
  meanFromWorker,
  smallestSize,
} from './parts/clipped-mean.js';
import { diff2ExactNoise, diff2PaperNoise } from './parts/diff2-calibration.js';
import { finiteRadius, withoutError } from './parts/noise-conflicts.js';
import { requireSpendWithin, targetOf } from './parts/planned-spend.js';
import { answersNeeded, noiseShares, trustSettings } from './parts/trust-placement.js';

interface Server {
  /** z: noise standard deviation over sensitivity; 0 without noise. */
  readonly noiseMultiplier: number;
  readonly params: Vector;
}

const settings = defineSettings({
  learningRate: positive(0.0625, 'Step size'),
  clippingRadius: positive(1, "C: radius of one example's gradient"),
  calibration: oneOf(
    ['exact', 'paper', 'none'],
    'exact',
    "z = sqrt(R) / mu, DIFF2's formula for T = 1, or no noise, which is not private",
  ),
  epsilon: positive(
    3,
    'Target over `rounds` rounds; a run that would spend more is refused, or ends where repeated rounds would',
  ),
  delta: number(1e-5, 'Target over `rounds` rounds', DELTA_RANGE),
  rounds: count(100, 'R, the rounds that the noise is made for'),
  ...trustSettings,
  adjacency: oneOf(
    ADJACENCIES,
    'replace-one',
    'Neighbouring data sets differ in one example that is added, or replaced',
  ),
})
  .and((settings) => finiteRadius('clippingRadius', settings, settings.calibration !== 'none'))
  .and((settings) => withoutError(() => noiseOf(settings)));
type Hyperparameters = SettingsOf<typeof settings>;

function noiseOf({ calibration, epsilon, delta, rounds }: Hyperparameters): number {
  if (calibration === 'none') return 0;
  const target = { epsilon, delta, rounds, refreshPeriod: 1, smallestExampleCount: 1, workerCount: 1 };
  return (calibration === 'paper' ? diff2PaperNoise(target) : diff2ExactNoise(target)).refreshNoiseMultiplier;
}

function releaseOf(noiseMultiplier: number, { clippingRadius, adjacency }: Hyperparameters): MeanRelease {
  return { label: 'gradient', radius: clippingRadius, noiseMultiplier, adjacency };
}

function sharesOf({ placement, absentCount, colludingCount }: Hyperparameters, workerCount: number): number {
  return noiseShares({ placement, workerCount, absentCount, colludingCount });
}

export default defineMethod({
  name: 'dp-gd',
  paper: {
    title: 'Private Empirical Risk Minimization: Efficient Algorithms and Tight Error Bounds',
    url: 'https://arxiv.org/abs/1405.7085',
    algorithm: 'full-batch gradient descent with per-example clipping and Gaussian noise, as DIFF2’s baseline has it',
  },
  settings,
  isPrivate: true,
  checkPlan(hyperparameters, run) {
    if (hyperparameters.calibration === 'none') return;
    const noiseMultiplier = noiseOf(hyperparameters);
    requireSpendWithin(hyperparameters, [{ sampling: 1, noiseMultiplier, count: run.rounds }], run);
  },
  target: (hyperparameters) => targetOf(hyperparameters),
  clientReleases(hyperparameters, { exampleCount }) {
    const { calibration, placement, adjacency } = hyperparameters;
    if (calibration === 'none' || placement === 'central' || exampleCount === 0) return [];
    return [{ sampling: 1, noiseMultiplier: noiseOf(hyperparameters), count: 1, adjacency }];
  },
  measures: ['answers'],
  messages: {
    /** Numbers of examples are public. Sent where the noise is shared, since every share depends on the smallest. */
    size: { from: 'clients', to: 'coordinator', scalars: ['examples'] },
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], scalars: ['smallestExampleCount'] },
    /** Noise is added after this, or its share is worth nothing alone: no codec may act in between. */
    mean: { from: 'clients', to: 'coordinator', vectors: ['mean'], scalars: ['examples'] },
    /** Private by itself, so that what a codec does to it is post-processing. */
    noisedMean: { from: 'clients', to: 'coordinator', vectors: ['mean'], scalars: ['examples'], lossy: 'any' },
  },
  client: {
    init: ({ hyperparameters }): number => noiseOf(hyperparameters),
    async round(noiseMultiplier, at): Promise<number> {
      const { hyperparameters } = at;
      const { placement, clippingRadius } = hyperparameters;
      const { exampleCount } = at.objective;
      if (placement === 'distributed') at.post('size', 'coordinator', { examples: exampleCount });
      const [model] = await at.take('model');
      if (!model || !isCovered(placement, exampleCount, model.smallestExampleCount)) return noiseMultiplier;
      const everyExample = at.rng.batch(exampleCount, exampleCount);
      const sum = await at.objective.clippedGradientSum(model.params, everyExample, clippingRadius);
      const mean = meanFromWorker(clippedMean(sum, exampleCount), releaseOf(noiseMultiplier, hyperparameters), {
        placement,
        privacy: at.privacy,
        exampleCount,
        smallestExampleCount: model.smallestExampleCount,
        shares: sharesOf(hyperparameters, at.cohort.length),
      });
      at.post(placement === 'local' ? 'noisedMean' : 'mean', 'coordinator', { mean, examples: exampleCount });
      return noiseMultiplier;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters }): Server => ({
      noiseMultiplier: noiseOf(hyperparameters),
      params: initialParams,
    }),
    async round({ noiseMultiplier, params }, at): Promise<Server> {
      const { hyperparameters } = at;
      const { placement, learningRate, clippingRadius } = hyperparameters;
      const smallestExampleCount = placement === 'distributed' ? smallestSize(await at.take('size')) : 0;
      at.post('model', at.cohort, { params, smallestExampleCount });
      const means = new MeanOfMeans();
      const bound = placement === 'central' || noiseMultiplier === 0 ? clippingRadius : Number.POSITIVE_INFINITY;
      for await (const { mean, examples } of at.stream(placement === 'local' ? 'noisedMean' : 'mean'))
        means.add(mean, examples, bound);
      const needed = answersNeeded({ ...hyperparameters, workerCount: at.cohort.length });
      at.measure('answers', means.count);
      if (means.count < needed) return { noiseMultiplier, params };
      const release = releaseOf(noiseMultiplier, hyperparameters);
      const average = placement === 'central' ? means.released(at.privacy, release) : means.average();
      const gradient = zerosLike(params);
      gradient.set(average);
      return { noiseMultiplier, params: addScaled(params, -learningRate, gradient) };
    },
    estimates: ({ params }) => [params],
  },
});

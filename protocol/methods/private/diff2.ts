import { GradswarmError } from '../../errors.js';
import type { Forecast } from '../../forecast.js';
import {
  type ClientIndex,
  defineMethod,
  type Objective,
  type Privacy,
  type ReadonlyVector,
  type Rng,
  type Vector,
} from '../../method.js';
import { requireCount, requireNonNegative, requireOneOf, requirePositive } from '../../numerics/settings.js';
import { add, addScaled, copy, scale, squaredDistance, zerosLike } from '../../numerics/vector.js';
import {
  type Adjacency,
  clippedMean,
  exampleSensitivity,
  isCovered,
  MeanOfMeans,
  type MeanRelease,
  meanFromWorker,
  smallestSize,
} from './parts/clipped-mean.js';
import { diff2ExactNoise, diff2NoiseFeedback, diff2PaperNoise } from './parts/diff2-calibration.js';
import { noiseShares, type TrustPlacement } from './parts/trust-placement.js';

/** Noise multipliers z1 and z2 of the two sorts of round; 0 without noise. The same at every party, from public numbers. */
interface Noise {
  readonly refresh: number;
  readonly difference: number;
}
interface Server {
  readonly noise: Noise;
  /** x_{r-1} and x_{r-2}. */
  readonly params: Vector;
  readonly previous: Vector;
  /** v_{r-1}, float64; null where there is none to add a difference to: the round is a refresh then. */
  readonly estimate: Float64Array | null;
}

const defaults = {
  routine: 'gd' as 'gd' | 'bvr-l-sgd',
  /** eta. */
  learningRate: 0.0625,
  /** T: rounds from one refresh to the next. 1 is DP-GD. */
  refreshPeriod: 10,
  /** C1: radius of one example's gradient. */
  refreshRadius: 1,
  /** C2: radius of the difference of one example's two gradients, divided by the distance of the two points. */
  differenceRadius: 3,
  /** 'paper': its formulas. 'exact': the least noise with the same split. 'none': no noise, and not private. */
  calibration: 'exact' as 'exact' | 'paper' | 'none',
  /** Target of the global releases over `rounds` rounds. The ledger says what is really spent. */
  epsilon: 3,
  delta: 1e-5,
  /** R, the rounds that the noise is made for. */
  rounds: 100,
  /** u: 1/u of the budget is for refreshes. */
  split: 1.25,
  placement: 'central' as TrustPlacement,
  /** 'distributed': workers that may be absent, and that may know the others' noise is theirs alone. */
  absentCount: 0,
  colludingCount: 0,
  adjacency: 'replace-one' as Adjacency,
  /** Of the BVR-L-SGD routine: K, b, C3 and the noise multiplier z3 = sigma3 b of each local step. */
  localSteps: 10,
  localBatchSize: 16,
  localRadius: 3,
  localNoiseMultiplier: 1,
};
type Hyperparameters = typeof defaults;

/** A radius beyond this never clips. */
const NO_CLIPPING = 1e100;

function noiseOf(hyperparameters: Hyperparameters): Noise {
  const { calibration, epsilon, delta, rounds, refreshPeriod, split } = hyperparameters;
  if (calibration === 'none') return { refresh: 0, difference: 0 };
  // Noise multipliers do not depend on how many examples and workers there are; only sigma1 and sigma2 do.
  const target = { epsilon, delta, rounds, refreshPeriod, split, smallestExampleCount: 1, workerCount: 1 };
  const noise = calibration === 'paper' ? diff2PaperNoise(target) : diff2ExactNoise(target);
  return { refresh: noise.refreshNoiseMultiplier, difference: noise.differenceNoiseMultiplier ?? 0 };
}

/** What this round releases. Both halves compute it from the same two points, so their radii are the same number. */
function releaseOf(
  refresh: boolean,
  noise: Noise,
  models: { readonly current: ReadonlyVector; readonly previous: ReadonlyVector },
  { refreshRadius, differenceRadius, adjacency }: Hyperparameters,
): MeanRelease {
  if (refresh) return { label: 'gradient', radius: refreshRadius, noiseMultiplier: noise.refresh, adjacency };
  const radius = differenceRadius * Math.sqrt(squaredDistance(models.current, models.previous));
  return { label: 'difference', radius, noiseMultiplier: noise.difference, adjacency };
}

function sharesOf({ placement, absentCount, colludingCount }: Hyperparameters, workerCount: number): number {
  return noiseShares({ placement, workerCount, absentCount, colludingCount });
}

/** The worker whose iterate becomes the new global point: a public coin. */
function chosenWorker(at: { readonly shared: Rng; readonly cohort: readonly ClientIndex[] }): ClientIndex {
  return at.cohort[at.shared.derive('chosen worker').below(at.cohort.length)]!;
}

/** K steps from x_0 along v_1 and its locally updated followers; returns x_K. */
async function localDescent(
  start: ReadonlyVector,
  direction: ReadonlyVector,
  at: { readonly objective: Objective; readonly privacy: Privacy; readonly rng: Rng },
  { learningRate, localSteps, localBatchSize, localRadius, localNoiseMultiplier, calibration }: Hyperparameters,
): Promise<Vector> {
  const { exampleCount } = at.objective;
  const batchSize = Math.min(localBatchSize, exampleCount);
  const sampling = batchSize / exampleCount;
  let previous: ReadonlyVector = start;
  let estimate: ReadonlyVector = direction;
  let x = addScaled(start, -learningRate, direction);
  for (let step = 2; step <= localSteps; step++) {
    const batch = at.rng.derive('local step', step).poisson(exampleCount, sampling);
    const radius = localRadius * Math.sqrt(squaredDistance(x, previous));
    const sum = await at.objective.clippedDifferenceSum(x, previous, batch, radius);
    const change = scale(1 / batchSize, sum);
    const part = { value: change, l2Sensitivity: radius / batchSize, noiseMultiplier: localNoiseMultiplier };
    const [noised] =
      calibration === 'none'
        ? [change]
        : at.privacy.gaussian([part], {
            label: 'local difference',
            unit: 'example',
            adjacency: 'add-remove',
            sampling,
          });
    estimate = add(estimate, noised!);
    previous = x;
    x = addScaled(x, -learningRate, estimate);
  }
  return x;
}

function refuse(path: string, expected: string, got: unknown): never {
  throw new GradswarmError('ERR_PRIVACY', `${path}: expected ${expected}, got ${String(got)}`);
}

/** With noise every radius must be a number: noise is a multiple of it. */
function checkPrivate(hyperparameters: Hyperparameters): void {
  const { refreshRadius, differenceRadius, routine, localRadius, localNoiseMultiplier, adjacency } = hyperparameters;
  const radii = { refreshRadius, differenceRadius, ...(routine === 'gd' ? {} : { localRadius }) };
  for (const [name, radius] of Object.entries(radii))
    if (!(radius < NO_CLIPPING)) refuse(`method.${name}`, 'a finite radius, since noise is scaled by it', radius);
  noiseOf(hyperparameters);
  if (routine === 'gd') return;
  if (!(localNoiseMultiplier > 0))
    refuse('method.localNoiseMultiplier', 'noise on the local steps, which read private data', localNoiseMultiplier);
  if (adjacency !== 'add-remove')
    refuse('method.adjacency', "'add-remove' with bvr-l-sgd, whose local steps sample their batches", adjacency);
}

export default defineMethod({
  name: 'diff2',
  paper: {
    title: 'DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning',
    url: 'https://arxiv.org/abs/2302.03884',
    algorithm: 'Algorithm 1 with the GD-Routine; the BVR-L-SGD-Routine as an option',
    reconstruction:
      'Framework, GD-Routine and calibration follow the published arguments and the authors’ code. The body of the ' +
      'BVR-L-SGD-Routine is a reconstruction: a recursive local estimator seeded with the global one, on one uniformly ' +
      'chosen worker. That its local batches are Poisson samples with denominator b, accounted under add-remove adjacency as ' +
      'releases of the chosen worker alone, is our choice; so are the distributed and local noise placements.',
  },
  defaults,
  check(hyperparameters) {
    const { routine, learningRate, refreshPeriod, refreshRadius, differenceRadius, ...rest } = hyperparameters;
    const { calibration, placement, adjacency, rounds, localSteps, localBatchSize, localRadius } = rest;
    requireOneOf('method.routine', routine, ['gd', 'bvr-l-sgd']);
    requireOneOf('method.calibration', calibration, ['exact', 'paper', 'none']);
    requireOneOf('method.placement', placement, ['central', 'distributed', 'local']);
    requireOneOf('method.adjacency', adjacency, ['add-remove', 'replace-one']);
    requirePositive('method.learningRate', learningRate);
    requireCount('method.refreshPeriod', refreshPeriod);
    requireCount('method.rounds', rounds);
    requirePositive('method.refreshRadius', refreshRadius);
    requirePositive('method.differenceRadius', differenceRadius);
    requireNonNegative('method.absentCount', rest.absentCount);
    requireNonNegative('method.colludingCount', rest.colludingCount);
    requireCount('method.localSteps', localSteps);
    requireCount('method.localBatchSize', localBatchSize);
    requirePositive('method.localRadius', localRadius);
    requireNonNegative('method.localNoiseMultiplier', rest.localNoiseMultiplier);
    if (calibration !== 'none') checkPrivate(hyperparameters);
  },
  messages: {
    /** Numbers of examples are public. Sent where the noise is shared, since every share depends on the smallest. */
    size: { from: 'clients', to: 'coordinator', scalars: ['examples'] },
    models: {
      from: 'coordinator',
      to: 'cohort',
      vectors: ['current', 'previous'],
      scalars: ['refresh', 'smallestExampleCount'],
    },
    /** Noise is added after this, or its share is worth nothing alone: no codec may act in between. */
    mean: { from: 'clients', to: 'coordinator', vectors: ['mean'], scalars: ['examples'] },
    /** Private by itself, so that what a codec does to it is post-processing. */
    noisedMean: { from: 'clients', to: 'coordinator', vectors: ['mean'], scalars: ['examples'], lossy: 'any' },
    direction: { from: 'coordinator', to: 'cohort', vectors: ['estimate'] },
    iterate: { from: 'clients', to: 'coordinator', vectors: ['params'] },
  },
  client: {
    init: ({ hyperparameters }): Noise => noiseOf(hyperparameters),
    async round(noise, at): Promise<Noise> {
      const { hyperparameters } = at;
      const { placement, routine } = hyperparameters;
      const { exampleCount } = at.objective;
      if (placement === 'distributed') at.post('size', 'coordinator', { examples: exampleCount });
      const [models] = await at.take('models');
      if (!models || !isCovered(placement, exampleCount, models.smallestExampleCount)) return noise;
      const { current, previous, smallestExampleCount } = models;
      const refresh = models.refresh === 1;
      const release = releaseOf(refresh, noise, models, hyperparameters);
      const everyExample = at.rng.batch(exampleCount, exampleCount);
      const sum = refresh
        ? await at.objective.clippedGradientSum(current, everyExample, release.radius)
        : await at.objective.clippedDifferenceSum(current, previous, everyExample, release.radius);
      const mean = meanFromWorker(clippedMean(sum, exampleCount), release, {
        placement,
        privacy: at.privacy,
        exampleCount,
        smallestExampleCount,
        shares: sharesOf(hyperparameters, at.cohort.length),
      });
      const kind = placement === 'local' ? 'noisedMean' : 'mean';
      at.post(kind, 'coordinator', { mean, examples: exampleCount });
      if (routine === 'gd' || chosenWorker(at) !== at.self) return noise;
      const [direction] = await at.take('direction');
      if (direction)
        at.post('iterate', 'coordinator', {
          params: await localDescent(current, direction.estimate, at, hyperparameters),
        });
      return noise;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters }): Server => ({
      noise: noiseOf(hyperparameters),
      params: initialParams,
      previous: initialParams,
      estimate: null,
    }),
    async round(state, at): Promise<Server> {
      const { hyperparameters } = at;
      const { placement, learningRate, routine, refreshPeriod } = hyperparameters;
      const { noise, params, previous } = state;
      const smallestExampleCount = placement === 'distributed' ? smallestSize(await at.take('size')) : 0;
      const refresh = state.estimate === null || at.index % refreshPeriod === 0;
      const models = { current: params, previous };
      const release = releaseOf(refresh, noise, models, hyperparameters);
      at.post('models', at.cohort, { ...models, refresh: refresh ? 1 : 0, smallestExampleCount });
      const means = new MeanOfMeans();
      const bound =
        placement === 'central' || release.noiseMultiplier === 0 ? release.radius : Number.POSITIVE_INFINITY;
      for await (const { mean, examples } of at.stream(placement === 'local' ? 'noisedMean' : 'mean'))
        means.add(mean, examples, bound);
      // With fewer shares than the noise was split in, the sum would be less private than accounted: nobody gets to see it.
      const needed = placement === 'distributed' ? sharesOf(hyperparameters, at.cohort.length) : 1;
      at.measure('answers', means.count);
      if (means.count < needed) return { ...state, estimate: refresh ? null : state.estimate };
      const change = placement === 'central' ? means.released(at.privacy, release) : means.average();
      const estimate = refresh ? change : (add(state.estimate!, change) as Float64Array);
      // v travels, and is used, in the precision of the run.
      const direction = zerosLike(params);
      direction.set(estimate);
      let next = addScaled(params, -learningRate, direction);
      if (routine === 'bvr-l-sgd') {
        at.post('direction', chosenWorker(at), { estimate: direction });
        const [iterate] = await at.take('iterate');
        if (iterate) next = copy(iterate.params);
      }
      return { noise, params: next, previous: params, estimate };
    },
    estimates: ({ params }) => [params],
  },
});

/** kappa and what it means, before a run that would destroy its own estimator has cost any privacy. */
export const forecast: Forecast<Hyperparameters> = (hyperparameters, outlook) => {
  const lines: string[] = [];
  const { rounds, refreshPeriod, learningRate, differenceRadius, adjacency, delta, calibration } = hyperparameters;
  if (calibration === 'none') return ['diff2: no noise (calibration: none), so the run is not private.'];
  if (rounds !== outlook.rounds)
    lines.push(
      `diff2: the noise is made for ${rounds} rounds, the run has ${outlook.rounds}; set method.rounds to it.`,
    );
  const total = outlook.exampleCounts.reduce((sum, count) => sum + count, 0);
  if (total > 0 && delta >= 1 / total) lines.push(`diff2: delta ${delta} is not below 1 / ${total} examples.`);
  const { difference } = noiseOf(hyperparameters);
  const smallest = Math.min(...outlook.exampleCounts);
  if (difference === 0 || smallest === 0 || !Number.isFinite(smallest)) return lines;
  const kappa = diff2NoiseFeedback({
    refreshPeriod,
    step: learningRate,
    differenceRadius,
    differenceSigma: (difference * exampleSensitivity(1, adjacency, smallest)) / outlook.clientCount,
    parameterCount: outlook.parameterCount,
  });
  const warning =
    kappa > 2
      ? ' WARNING: above 2 the noise of the difference rounds feeds back through their own steps; lower the step, C2 or T.'
      : ' Below about 1 the noise of the difference rounds does not feed back.';
  lines.push(
    `diff2: kappa = T (eta C2 sigma2)^2 D = ${Number(kappa.toPrecision(3))} (our bound, not the paper’s).${warning}`,
  );
  lines.push(
    'Settings that were chosen by trying several on the private data have cost privacy that nobody accounts for.',
  );
  return lines;
};

import type {
  ClientRound,
  CoordinatorRound,
  MessageKinds,
  Objective,
  ReadonlyVector,
  Received,
  Vector,
} from '../../../method.js';
import { add, squaredDistance, zerosLike } from '../../../numerics/vector.js';
import { clippedMean, isCovered, MeanOfMeans, type MeanRelease, meanFromWorker, smallestSize } from './clipped-mean.js';
import { type Diff2Multipliers, type Diff2Settings, diff2Multipliers, isRefresh } from './diff2-settings.js';
import { answersNeeded, noiseShares } from './trust-placement.js';

export const diff2Messages = {
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
} as const satisfies MessageKinds;
export type Diff2Messages = typeof diff2Messages;

// Without `undelivered`, so that rounds of a routine with further kinds fit too.
type ClientPart = Omit<ClientRound<Diff2Settings, Diff2Messages, Objective>, 'undelivered'>;
type CoordinatorPart = Omit<CoordinatorRound<Diff2Settings, Diff2Messages>, 'undelivered'>;

export interface Diff2Server {
  /** x_{r-1} and x_{r-2}. */
  readonly params: Vector;
  readonly previous: Vector;
  /** v_{r-1}, float64; null where there is none to add a difference to: the round is a refresh then. */
  readonly estimate: Float64Array | null;
}

/** v_r, and the same in the precision of the run, in which it travels and is used. */
export interface Diff2Direction {
  readonly estimate: Float64Array;
  readonly direction: Vector;
}

/**
 * Algorithm 1 of DIFF2 without the routine that takes the step: every T-th round v_r is the noised mean of the workers' mean
 * gradients, clipped by example to C1; in between v_r = v_{r-1} + the noised mean of gradient differences between x_{r-1} and
 * x_{r-2}, clipped by example to C2 |x_{r-1} - x_{r-2}|.
 */
export class Diff2Framework {
  readonly noise: Diff2Multipliers;

  constructor(private readonly settings: Diff2Settings) {
    this.noise = diff2Multipliers(settings);
  }

  start(params: Vector): Diff2Server {
    return { params, previous: params, estimate: null };
  }

  /** Client: posts its mean. Returns the models; null when the client takes no part in the round. */
  async send(at: ClientPart): Promise<Received<Diff2Messages['models']> | null> {
    const { placement } = this.settings;
    const { exampleCount } = at.objective;
    if (placement === 'distributed') at.post('size', 'coordinator', { examples: exampleCount });
    const [models] = await at.take('models');
    if (!models || !isCovered(placement, exampleCount, models.smallestExampleCount)) return null;
    const { current, previous, smallestExampleCount } = models;
    const refresh = models.refresh === 1;
    const release = this.release(refresh, current, previous);
    const everyExample = at.rng.batch(exampleCount, exampleCount);
    const sum = refresh
      ? await at.objective.clippedGradientSum(current, everyExample, release.radius)
      : await at.objective.clippedDifferenceSum(current, previous, everyExample, release.radius);
    const mean = meanFromWorker(clippedMean(sum, exampleCount), release, {
      placement,
      privacy: at.privacy,
      exampleCount,
      smallestExampleCount,
      shares: this.shares(at.cohort.length),
    });
    const kind = placement === 'local' ? 'noisedMean' : 'mean';
    at.post(kind, 'coordinator', { mean, examples: exampleCount });
    return models;
  }

  /** Coordinator: v_r; null when too few means arrived for the noise that was promised. */
  async receive(state: Diff2Server, at: CoordinatorPart): Promise<Diff2Direction | null> {
    const { placement } = this.settings;
    const { params, previous } = state;
    const smallestExampleCount = placement === 'distributed' ? smallestSize(await at.take('size')) : 0;
    const refresh = this.isRefresh(state, at.index);
    const release = this.release(refresh, params, previous);
    at.post('models', at.cohort, { current: params, previous, refresh: refresh ? 1 : 0, smallestExampleCount });
    const means = new MeanOfMeans();
    const bound = placement === 'central' || release.noiseMultiplier === 0 ? release.radius : Number.POSITIVE_INFINITY;
    for await (const { mean, examples } of at.stream(placement === 'local' ? 'noisedMean' : 'mean'))
      means.add(mean, examples, bound);
    at.measure('answers', means.count);
    // With fewer shares than the noise was split in, the sum would be less private than accounted: it is not looked at.
    if (means.count < answersNeeded({ ...this.settings, workerCount: at.cohort.length })) return null;
    const change = placement === 'central' ? means.released(at.privacy, release) : means.average();
    const estimate = refresh ? change : (add(state.estimate!, change) as Float64Array);
    const direction = zerosLike(params);
    direction.set(estimate);
    return { estimate, direction };
  }

  /** The state after a round without an estimate: a refresh that failed is done again. */
  missed(state: Diff2Server, round: number): Diff2Server {
    return this.isRefresh(state, round) ? { ...state, estimate: null } : state;
  }

  next({ params }: Diff2Server, { estimate }: Diff2Direction, next: Vector): Diff2Server {
    return { params: next, previous: params, estimate };
  }

  /** With the multipliers, which states of earlier versions held: the run's digest covers them. */
  digested(state: Diff2Server): object {
    return { ...state, noise: this.noise };
  }

  private isRefresh({ estimate }: Diff2Server, round: number): boolean {
    return isRefresh(estimate, round, this.settings);
  }

  /** What a round releases. Both halves compute it from the same two points, so their radii are the same number. */
  private release(refresh: boolean, current: ReadonlyVector, previous: ReadonlyVector): MeanRelease {
    const { refreshRadius, differenceRadius, adjacency } = this.settings;
    if (refresh) return { label: 'gradient', radius: refreshRadius, noiseMultiplier: this.noise.refresh, adjacency };
    const radius = differenceRadius * Math.sqrt(squaredDistance(current, previous));
    return { label: 'difference', radius, noiseMultiplier: this.noise.difference, adjacency };
  }

  private shares(workerCount: number): number {
    const { placement, absentCount, colludingCount } = this.settings;
    return noiseShares({ placement, workerCount, absentCount, colludingCount });
  }
}

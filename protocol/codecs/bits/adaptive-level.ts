import type { Variances } from '../codec.js';

/**
 * How coarse may compression be? As coarse as keeps its variance within a set share of the sampling variance that SGD has
 * anyway. The rule is the controller of VCAS (Wang et al., ICLR 2024; read in its code: share 0.025, one step up or down at
 * every measurement), moved from kept gradient norms to a ladder of codecs.
 *
 * Unlike there, a coarser codec that was measured and found too coarse is not tried again until `retryAfter` measurements
 * have passed: with few, wide steps the plain rule would spend every second period above the share.
 */
export interface AdaptiveLevelSettings {
  /** Number of codecs from fine to coarse, at least 1. */
  readonly levels: number;
  /** Largest compression variance / sampling variance. */
  readonly share: number;
  /** Measurements after which a codec that was too coarse is tried again. */
  readonly retryAfter: number;
}

/** Plain data. */
export interface AdaptiveLevelState {
  /** Index in the ladder of the codec to use now. */
  readonly level: number;
  readonly measurements: number;
  /** For each level the measurement at which it was last found too coarse; -1: never. */
  readonly tooCoarseAt: readonly number[];
}

/** Begins with the finest codec. */
export function initAdaptiveLevel({ levels, share, retryAfter }: AdaptiveLevelSettings): AdaptiveLevelState {
  if (!(levels >= 1)) throw new RangeError(`levels: expected at least 1, got ${levels}`);
  if (!(share > 0)) throw new RangeError(`share: expected a number above 0, got ${share}`);
  if (!(retryAfter >= 1)) throw new RangeError(`retryAfter: expected at least 1, got ${retryAfter}`);
  return { level: 0, measurements: 0, tooCoarseAt: new Array<number>(levels).fill(-1) };
}

/** The state after one measurement at the level in use. A measurement that is not finite counts as too coarse. */
export function observeAdaptiveLevel(
  settings: AdaptiveLevelSettings,
  state: AdaptiveLevelState,
  { compressionVariance, samplingVariance }: Variances,
): AdaptiveLevelState {
  const { level, tooCoarseAt } = state;
  const measurements = state.measurements + 1;
  if (!(compressionVariance <= settings.share * samplingVariance)) {
    const marked = tooCoarseAt.map((at, j) => (j === level ? measurements : at));
    return { level: Math.max(0, level - 1), measurements, tooCoarseAt: marked };
  }
  const coarser = level + 1;
  const refused = tooCoarseAt[coarser] ?? measurements;
  const mayTry = coarser < settings.levels && (refused < 0 || measurements - refused >= settings.retryAfter);
  return { level: mayTry ? coarser : level, measurements, tooCoarseAt };
}

import { log } from '../../../numerics/elementary.js';
import { gaussianMu } from '../../../privacy/accounting/gaussian-composition.js';
import { checkDelta, checkRange } from '../../../privacy/accounting/ranges.js';

/**
 * Noise of DIFF2 (Murata and Suzuki, "DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex
 * Distributed Learning", ICML 2023) with the GD routine, replace-one adjacency, central trust.
 *
 * sigma1, sigma2 are the paper's: noise stddev on the average over workers, divided by the clipping radius. The noise
 * multipliers that the accountant sees are sigma n_min P / 2, since one example moves the average by 2 C / (n_min P).
 */
export interface Diff2Target {
  readonly epsilon: number;
  readonly delta: number;
  /** Rounds R, and rounds T from one refresh to the next. T = 1 is DP-GD. */
  readonly rounds: number;
  readonly refreshPeriod: number;
  /** Examples of the smallest worker, n_min, and number of workers, P. */
  readonly smallestExampleCount: number;
  readonly workerCount: number;
  /** u: 1/u of the budget goes to the refreshes. 1.25 by default. */
  readonly split?: number;
}

export interface Diff2Noise {
  readonly refreshCount: number;
  readonly differenceCount: number;
  /** sigma1 and its noise multiplier z1. */
  readonly refreshSigma: number;
  readonly refreshNoiseMultiplier: number;
  /** sigma2 and z2; null where no round is a difference round. */
  readonly differenceSigma: number | null;
  readonly differenceNoiseMultiplier: number | null;
  /** mu of all releases together: the exact spend is gaussianEpsilon(mu, delta). */
  readonly mu: number;
}

const DIFF2_DEFAULT_SPLIT = 1.25;

function checkTarget({ epsilon, delta, rounds, refreshPeriod, ...target }: Diff2Target): void {
  checkDelta(delta);
  const { smallestExampleCount, workerCount, split = DIFF2_DEFAULT_SPLIT } = target;
  checkRange('DIFF2 calibration: epsilon', epsilon, { above: 0 });
  for (const [name, value] of Object.entries({ rounds, refreshPeriod, smallestExampleCount, workerCount }))
    checkRange(`DIFF2 calibration: ${name}`, value, { least: 1 }, 'integer');
  checkRange('DIFF2 calibration: split u', split, { above: 1 });
}

/** ceil(R / T) refreshes, the rest differences. */
function roundCounts({ rounds, refreshPeriod }: Diff2Target) {
  const refreshCount = Math.ceil(rounds / refreshPeriod);
  return { refreshCount, differenceCount: rounds - refreshCount };
}

/** The integer Renyi order of the paper's proof: 1 + ceil(2 ln(1/delta) / epsilon). */
export function diff2PaperOrder(epsilon: number, delta: number): number {
  return 1 + Math.ceil((-2 * log(delta)) / epsilon);
}

/**
 * The paper's formulas. It counts R/T refreshes, not rounded up, and R differences: the exact spend stays below epsilon where T
 * divides R, and may be far above it elsewhere (epsilon 115 for 3 at R 2, T 1000).
 */
export function diff2PaperNoise(target: Diff2Target): Diff2Noise {
  checkTarget(target);
  const { epsilon, delta, rounds, refreshPeriod, split = DIFF2_DEFAULT_SPLIT } = target;
  const total = target.smallestExampleCount * target.workerCount;
  const base = (4 * diff2PaperOrder(epsilon, delta) * rounds) / (total * total * epsilon);
  const refreshSigma = Math.sqrt(refreshPeriod > 1 ? (split * base) / refreshPeriod : base);
  const differenceSigma = refreshPeriod > 1 ? Math.sqrt((split / (split - 1)) * base) : null;
  return withMultipliers(
    target,
    (refreshSigma * total) / 2,
    differenceSigma === null ? null : (differenceSigma * total) / 2,
  );
}

/** The smallest noise with the same split, by exact Gaussian composition: about a fifth less on the refreshes. */
export function diff2ExactNoise(target: Diff2Target): Diff2Noise {
  checkTarget(target);
  const { refreshCount, differenceCount } = roundCounts(target);
  const { split = DIFF2_DEFAULT_SPLIT } = target;
  const mu = gaussianMu(target.epsilon, target.delta);
  if (differenceCount === 0) return withMultipliers(target, Math.sqrt(refreshCount) / mu, null);
  return withMultipliers(
    target,
    Math.sqrt(split * refreshCount) / mu,
    Math.sqrt((differenceCount * split) / (split - 1)) / mu,
  );
}

function withMultipliers(target: Diff2Target, refresh: number, difference: number | null): Diff2Noise {
  const { refreshCount, differenceCount } = roundCounts(target);
  const perSigma = 2 / (target.smallestExampleCount * target.workerCount);
  // With one round, T > 1 leaves no difference round and its noise is not needed.
  const used = differenceCount === 0 ? null : difference;
  return {
    refreshCount,
    differenceCount,
    refreshSigma: refresh * perSigma,
    refreshNoiseMultiplier: refresh,
    differenceSigma: used === null ? null : used * perSigma,
    differenceNoiseMultiplier: used,
    mu: Math.sqrt(refreshCount / (refresh * refresh) + (used === null ? 0 : differenceCount / (used * used))),
  };
}

/**
 * kappa = T eta^2 C2^2 sigma2^2 D: growth of the noise that a window of difference rounds feeds back through its own
 * steps. Public before the run; above about 1 the estimator destroys itself, so warn above 2. Our derivation, not the
 * paper's.
 */
export function diff2NoiseFeedback(run: {
  readonly refreshPeriod: number;
  readonly step: number;
  readonly differenceRadius: number;
  readonly differenceSigma: number;
  readonly parameterCount: number;
}): number {
  const perRound = run.step * run.differenceRadius * run.differenceSigma;
  return run.refreshPeriod * perRound * perRound * run.parameterCount;
}

import { GradswarmError } from '../../../errors.js';
import { requireCount, requireNonNegative, requireOneOf, requirePositive } from '../../../numerics/settings.js';
import type { Adjacency } from './clipped-mean.js';
import { diff2ExactNoise, diff2PaperNoise } from './diff2-calibration.js';
import type { TrustPlacement } from './trust-placement.js';

/** Settings of the DIFF2 framework, whatever the routine. */
export const diff2Defaults = {
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
  /** Target of the global releases over `rounds` rounds. Actual spending is in the ledger. */
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
};
export type Diff2Settings = typeof diff2Defaults;

/** Noise multipliers z1 and z2 of the two sorts of round; 0 without noise. The same at every party, from public numbers. */
export interface Diff2Multipliers {
  readonly refresh: number;
  readonly difference: number;
}

export function diff2Multipliers(settings: Diff2Settings): Diff2Multipliers {
  const { calibration, epsilon, delta, rounds, refreshPeriod, split } = settings;
  if (calibration === 'none') return { refresh: 0, difference: 0 };
  // Noise multipliers do not depend on how many examples and workers there are; only sigma1 and sigma2 do.
  const target = { epsilon, delta, rounds, refreshPeriod, split, smallestExampleCount: 1, workerCount: 1 };
  const noise = calibration === 'paper' ? diff2PaperNoise(target) : diff2ExactNoise(target);
  return { refresh: noise.refreshNoiseMultiplier, difference: noise.differenceNoiseMultiplier ?? 0 };
}

/** A radius beyond this never clips. */
const NO_CLIPPING = 1e100;

export function refuseSetting(path: string, expected: string, got: unknown): never {
  throw new GradswarmError('ERR_PRIVACY', `${path}: expected ${expected}, got ${String(got)}`);
}

/** With noise every radius must be a number: noise is a multiple of it. */
export function requireClipping(path: string, radius: number): void {
  if (!(radius < NO_CLIPPING)) refuseSetting(path, 'a finite radius, since noise is scaled by it', radius);
}

/** Throws ERR_SCENARIO, or ERR_PRIVACY where the settings cannot give the noise they promise. */
export function checkDiff2(settings: Diff2Settings): void {
  requireOneOf('method.calibration', settings.calibration, ['exact', 'paper', 'none']);
  requireOneOf('method.placement', settings.placement, ['central', 'distributed', 'local']);
  requireOneOf('method.adjacency', settings.adjacency, ['add-remove', 'replace-one']);
  requirePositive('method.learningRate', settings.learningRate);
  requireCount('method.refreshPeriod', settings.refreshPeriod);
  requireCount('method.rounds', settings.rounds);
  requirePositive('method.refreshRadius', settings.refreshRadius);
  requirePositive('method.differenceRadius', settings.differenceRadius);
  requireNonNegative('method.absentCount', settings.absentCount);
  requireNonNegative('method.colludingCount', settings.colludingCount);
  if (settings.calibration === 'none') return;
  requireClipping('method.refreshRadius', settings.refreshRadius);
  requireClipping('method.differenceRadius', settings.differenceRadius);
  diff2Multipliers(settings);
}

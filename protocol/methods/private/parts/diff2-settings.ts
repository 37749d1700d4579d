import type { RoundOutlook, RoundReleases, RunPlan } from '../../../method.js';
import type { GaussianReleases } from '../../../privacy/accounting/accountant.js';
import { DELTA_RANGE } from '../../../privacy/accounting/ranges.js';
import { count, number, oneOf, positive } from '../../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../settings/settings.js';
import { ADJACENCIES } from './clipped-mean.js';
import { diff2ExactNoise, diff2PaperNoise } from './diff2-calibration.js';
import { finiteRadius, withoutError } from './noise-conflicts.js';
import { requireSpendWithin } from './planned-spend.js';
import { trustSettings } from './trust-placement.js';

/** Settings of the DIFF2 framework, whatever the routine. */
const shape = defineSettings({
  learningRate: positive(0.0625, 'eta: step size'),
  refreshPeriod: count(10, 'T: rounds from one refresh to the next; 1 is DP-GD'),
  refreshRadius: positive(1, "C1: radius of one example's gradient"),
  differenceRadius: positive(
    3,
    "C2: radius of the difference of one example's two gradients, divided by the distance of the two points",
  ),
  calibration: oneOf(
    ['exact', 'paper', 'none'],
    'exact',
    "The least noise with the same split, the paper's formulas, or no noise, which is not private",
  ),
  epsilon: positive(
    3,
    'Target of the global releases over `rounds` rounds; a run that would spend more is refused, or ends where repeated rounds would',
  ),
  delta: number(1e-5, 'Target of the global releases over `rounds` rounds', DELTA_RANGE),
  rounds: count(100, 'R, the rounds that the noise is made for'),
  split: number(1.25, 'u: 1/u of the budget is for refreshes', { above: 1 }),
  ...trustSettings,
  adjacency: oneOf(
    ADJACENCIES,
    'replace-one',
    'Neighbouring data sets differ in one example that is added, or replaced',
  ),
});
export type Diff2Settings = SettingsOf<typeof shape>;

export const diff2Settings = shape
  .and((settings) => finiteRadius('refreshRadius', settings, settings.calibration !== 'none'))
  .and((settings) => finiteRadius('differenceRadius', settings, settings.calibration !== 'none'))
  .and((settings) => withoutError(() => diff2Multipliers(settings)));

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

/** The global releases of a run, as its ledger has them when no round is lost. */
export function diff2Releases(settings: Diff2Settings, rounds: number): readonly GaussianReleases[] {
  const { refresh, difference } = diff2Multipliers(settings);
  const refreshes = Math.ceil(rounds / settings.refreshPeriod);
  return [
    { sampling: 1, noiseMultiplier: refresh, count: refreshes },
    { sampling: 1, noiseMultiplier: difference, count: rounds - refreshes },
  ];
}

/** Does round `index` release whole gradients? The state is the coordinator's: without an estimate there is nothing to add to. */
export function isRefresh(estimate: unknown, index: number, { refreshPeriod }: Diff2Settings): boolean {
  return estimate === null || index % refreshPeriod === 0;
}

/** The mean that a worker noises, alone or in part. */
export function diff2ClientReleases(
  settings: Diff2Settings,
  { index, state, exampleCount }: RoundOutlook,
): readonly RoundReleases[] {
  const { calibration, placement, adjacency } = settings;
  if (calibration === 'none' || placement === 'central' || exampleCount === 0) return [];
  const { refresh, difference } = diff2Multipliers(settings);
  const { estimate } = state as { readonly estimate: unknown };
  const noiseMultiplier = isRefresh(estimate, index, settings) ? refresh : difference;
  return [{ sampling: 1, noiseMultiplier, count: 1, adjacency }];
}

/** Refuses a run whose global releases would spend more than `epsilon`. */
export function checkDiff2Plan(settings: Diff2Settings, run: RunPlan): void {
  if (settings.calibration !== 'none') requireSpendWithin(settings, diff2Releases(settings, run.rounds), run);
}

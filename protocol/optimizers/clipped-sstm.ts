import type { ReadonlyVector, Vector } from '../method.js';
import { addScaled, clip, zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(
    0.1,
    '1 / (a L): L the smoothness, a >= 1 larger under more noise; alpha_k = (k + 1) / (2 a L)',
  ),
  threshold: positive(null, 'B: the k-th gradient is scaled down to norm B / alpha_k; null: no limit, which is SSTM'),
});

export type ClippedSstmSettings = SettingsOf<typeof settings>;

export interface ClippedSstmState {
  readonly step: number;
  /** A_k = sum of the alphas so far. */
  readonly alphaSum: number;
  /** y_k: the estimate of the paper. */
  readonly average: Vector;
  /** z_k: what steps along the clipped gradients. */
  readonly mirror: Vector;
}

/**
 * x = (A_k y + alpha z) / A_{k+1}; z -= alpha clip(g(x), B / alpha); y = (A_k y + alpha z) / A_{k+1}, with A_0 = 0 and y = z = x_0.
 * The parameters are x, where the next gradient is taken and what is evaluated; y is kept in the state.
 */
const clippedSstm = defineOptimizer<ClippedSstmSettings, ClippedSstmState>({
  name: 'clipped-sstm',
  source:
    'Gorbunov, Danilova and Gasnikov, "Stochastic Optimization with Heavy-Tailed Noise via Accelerated Gradient Clipping", ' +
    "NeurIPS 2020, in the recursion of the authors' code; levels of the 2023 paper are not here.",
  settings,
  create({ learningRate, threshold }) {
    const rateAt = scheduleOf(learningRate);
    const alphaOf = (step: number) => ((step + 2) / 2) * rateAt(step);
    return {
      init: (length, precision = 'float64') => ({
        step: 0,
        alphaSum: 0,
        average: zeros(length, precision),
        mirror: zeros(length, precision),
      }),
      update(gradient, state, params) {
        const { step, alphaSum } = state;
        const [average, mirror] = step === 0 ? [params, params] : [state.average, state.mirror];
        const alpha = alphaOf(step);
        const clipped = threshold === null ? gradient : clip(gradient, threshold / alpha);
        const nextMirror = addScaled(mirror, -alpha, clipped);
        const nextSum = alphaSum + alpha;
        const nextAverage = mixed(average, alphaSum / nextSum, nextMirror);
        const point = mixed(nextAverage, nextSum / (nextSum + alphaOf(step + 1)), nextMirror);
        return [point, { step: step + 1, alphaSum: nextSum, average: nextAverage, mirror: nextMirror }];
      },
    };
  },
});

/** share a + (1 - share) b. */
function mixed(a: ReadonlyVector, share: number, b: ReadonlyVector): Vector {
  const result = zerosLike(a);
  for (let i = 0; i < result.length; i++) result[i] = share * a[i]! + (1 - share) * b[i]!;
  return result;
}

export default clippedSstm;

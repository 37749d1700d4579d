import { addScaled, copy, squaredNorm } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(1, 'Step size of each update'),
  initialNorm: atLeastZero(1e-4, 'b_0: what the root of the sum starts from'),
});

export type AdagradNormSettings = SettingsOf<typeof settings>;

export interface AdagradNormState {
  readonly step: number;
  /** b_t^2. */
  readonly squareSum: number;
}

/** b_t^2 = b_{t-1}^2 + |g|^2 with the current gradient included; w -= (rate / b_t) g. One number of state. */
const adagradNorm = defineOptimizer<AdagradNormSettings, AdagradNormState>({
  name: 'adagrad-norm',
  source:
    'Ward, Wu and Bottou, "AdaGrad stepsizes: sharp convergence over nonconvex landscapes", 2019; reconstructed, not checked against the paper.',
  settings,
  create(settings) {
    const { learningRate, initialNorm } = settings;
    const rateAt = scheduleOf(learningRate);
    return {
      init: () => ({ step: 0, squareSum: initialNorm * initialNorm }),
      update(gradient, { step, squareSum }, params) {
        const nextSum = squareSum + squaredNorm(gradient);
        const next = nextSum === 0 ? copy(params) : addScaled(params, -rateAt(step) / Math.sqrt(nextSum), gradient);
        return [next, { step: step + 1, squareSum: nextSum }];
      },
    };
  },
});

export default adagradNorm;

import { zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each update'),
  weightDecay: atLeastZero(0, 'Added to the gradient, times the parameters'),
});

export type SgdSettings = SettingsOf<typeof settings>;

export interface SgdState {
  readonly step: number;
}

/** w -= rate (g + decay w). */
const sgd = defineOptimizer<SgdSettings, SgdState>({
  name: 'sgd',
  source: 'Robbins and Monro, "A Stochastic Approximation Method", 1951.',
  settings,
  create(settings) {
    const { learningRate, weightDecay } = settings;
    const rateAt = scheduleOf(learningRate);
    return {
      init: () => ({ step: 0 }),
      update(gradient, { step }, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        for (let i = 0; i < next.length; i++) next[i] = params[i]! - rate * (gradient[i]! + weightDecay * params[i]!);
        return [next, { step: step + 1 }];
      },
    };
  },
});

export default sgd;

import { addScaled, clip } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import type { SgdState } from './sgd.js';

const settings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each update'),
  threshold: positive(
    null,
    'lambda: largest norm of a gradient, which is scaled down to it; null: no limit, which is sgd',
  ),
});

export type ClippedSgdSettings = SettingsOf<typeof settings>;

/**
 * w -= rate clip(g, lambda), clip(g, lambda) = g min(1, lambda / |g|): converges with high probability under noise whose moments
 * of order above alpha in (1, 2] are infinite. What is clipped is the gradient that the method hands over, the mean of its clients'.
 * A gradient that is not finite counts as zero where there is a limit.
 */
const clippedSgd = defineOptimizer<ClippedSgdSettings, SgdState>({
  name: 'clipped-sgd',
  source:
    'Sadiev, Danilova, Gorbunov and others, "High-Probability Bounds for Stochastic Optimization and Variational Inequalities: ' +
    'the Case of Unbounded Variance", ICML 2023; reconstructed, step sizes and levels of the paper are not here.',
  settings,
  create({ learningRate, threshold }) {
    const rateAt = scheduleOf(learningRate);
    return {
      init: () => ({ step: 0 }),
      update(gradient, { step }, params) {
        const clipped = threshold === null ? gradient : clip(gradient, threshold);
        return [addScaled(params, -rateAt(step), clipped), { step: step + 1 }];
      },
    };
  },
});

export default clippedSgd;

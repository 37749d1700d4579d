import { z } from 'zod';
import { addScaled, copy, squaredNorm } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface AdagradNormSettings {
  readonly learningRate: ScheduleSpec;
  /** b_0: what the root of the sum starts from. */
  readonly initialNorm: number;
}

export interface AdagradNormState {
  readonly step: number;
  /** b_t^2. */
  readonly squareSum: number;
}

const schema: z.ZodType<AdagradNormSettings> = z.strictObject({
  learningRate: scheduleSpec,
  initialNorm: z.number().nonnegative(),
});

/** b_t^2 = b_{t-1}^2 + |g|^2 with the current gradient included; w -= (rate / b_t) g. One number of state. */
const adagradNorm: OptimizerFamily<AdagradNormSettings, AdagradNormState> = {
  name: 'adagrad-norm',
  source: 'Ward, Wu and Bottou, "AdaGrad stepsizes: sharp convergence over nonconvex landscapes", 2019 [M].',
  defaults: { learningRate: 1, initialNorm: 1e-4 },
  create(settings) {
    const { learningRate, initialNorm } = checkSettings("optimizer 'adagrad-norm'", schema, settings);
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
};

export default adagradNorm;

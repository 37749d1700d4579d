import { z } from 'zod';
import { zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface SgdSettings {
  readonly learningRate: ScheduleSpec;
  /** Added to the gradient, times the parameters. */
  readonly weightDecay: number;
}

export interface SgdState {
  readonly step: number;
}

const schema: z.ZodType<SgdSettings> = z.strictObject({
  learningRate: scheduleSpec,
  weightDecay: z.number().nonnegative(),
});

/** w -= rate (g + decay w). */
const sgd: OptimizerFamily<SgdSettings, SgdState> = {
  name: 'sgd',
  source: 'Robbins and Monro, "A Stochastic Approximation Method", 1951.',
  defaults: { learningRate: 0.1, weightDecay: 0 },
  create(settings) {
    const { learningRate, weightDecay } = checkSettings("optimizer 'sgd'", schema, settings);
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
};

export default sgd;

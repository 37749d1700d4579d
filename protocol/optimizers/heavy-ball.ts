import { z } from 'zod';
import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface HeavyBallSettings {
  /** The method divides the rate by a constant after each of several equal stages: 'step-decay'. */
  readonly learningRate: ScheduleSpec;
  readonly momentum: number;
}

export interface HeavyBallState {
  readonly step: number;
  /** w_t - w_{t-1}. */
  readonly displacement: Vector;
}

const schema: z.ZodType<HeavyBallSettings> = z.strictObject({
  learningRate: scheduleSpec,
  momentum: z.number().min(0).lt(1),
});

/**
 * w_{t+1} = w_t - rate_t g_t + momentum (w_t - w_{t-1}). At a constant rate the same as 'momentum'; when the rate falls, the
 * displacement made at the old rate is not rescaled.
 */
const heavyBall: OptimizerFamily<HeavyBallSettings, HeavyBallState> = {
  name: 'heavy-ball',
  source:
    'Polyak 1964; with step decay: "Accelerated Convergence of Stochastic Heavy Ball Method under Anisotropic Gradient ' +
    'Noise", 2024. The update is certain; divisor, stage length and momentum below are ours, not the paper\'s [M].',
  defaults: { learningRate: { name: 'step-decay', rate: 0.1, divisor: 4, stageSteps: 1000 }, momentum: 0.9 },
  create(settings) {
    const { learningRate, momentum } = checkSettings("optimizer 'heavy-ball'", schema, settings);
    const rateAt = scheduleOf(learningRate);
    return {
      init: (length, precision = 'float64') => ({ step: 0, displacement: zeros(length, precision) }),
      update(gradient, { step, displacement }, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        const nextDisplacement = zerosLike(displacement);
        for (let i = 0; i < next.length; i++) {
          const move = momentum * displacement[i]! - rate * gradient[i]!;
          nextDisplacement[i] = move;
          next[i] = params[i]! + move;
        }
        return [next, { step: step + 1, displacement: nextDisplacement }];
      },
    };
  },
};

export default heavyBall;

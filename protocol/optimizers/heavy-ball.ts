import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { decay } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(
    { name: 'step-decay', rate: 0.1, divisor: 4, stageSteps: 1000 },
    'Step size; the method divides it by a constant after each of several equal stages',
  ),
  momentum: decay(0.9, 'Share of the last displacement that is added'),
});

export type HeavyBallSettings = SettingsOf<typeof settings>;

export interface HeavyBallState {
  readonly step: number;
  /** w_t - w_{t-1}. */
  readonly displacement: Vector;
}

/**
 * w_{t+1} = w_t - rate_t g_t + momentum (w_t - w_{t-1}). At a constant rate the same as 'momentum'; when the rate falls, the
 * displacement made at the old rate is not rescaled.
 */
const heavyBall = defineOptimizer<HeavyBallSettings, HeavyBallState>({
  name: 'heavy-ball',
  source:
    'Polyak 1964; with step decay: "Accelerated Convergence of Stochastic Heavy Ball Method under Anisotropic Gradient ' +
    'Noise", 2024. The update is certain; divisor, stage length and momentum below are ours, not the paper\'s.',
  settings,
  create(settings) {
    const { learningRate, momentum } = settings;
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
});

export default heavyBall;

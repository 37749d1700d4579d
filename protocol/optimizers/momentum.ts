import { z } from 'zod';
import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface MomentumSettings {
  readonly learningRate: ScheduleSpec;
  readonly momentum: number;
  /** Look ahead: step along gradient + momentum * velocity. */
  readonly nesterov: boolean;
  /** Added to the gradient, times the parameters. */
  readonly weightDecay: number;
}

export interface MomentumState {
  readonly step: number;
  readonly velocity: Vector;
}

export const momentumSettings = z.strictObject({
  learningRate: scheduleSpec,
  momentum: z.number().min(0).lt(1),
  nesterov: z.boolean(),
  weightDecay: z.number().nonnegative(),
});

/** v = momentum v + g; w -= rate v (nesterov: w -= rate (g + momentum v)). The rate stays outside the velocity. */
const momentum: OptimizerFamily<MomentumSettings, MomentumState> = {
  name: 'momentum',
  source:
    'Polyak 1964 and Nesterov 1983, in the form that keeps the rate outside the velocity (Goyal et al., "Accurate, Large ' +
    'Minibatch SGD", 2017, section 3) [M].',
  defaults: { learningRate: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 },
  create(settings) {
    const checked = checkSettings("optimizer 'momentum'", momentumSettings, settings);
    const { momentum: factor, nesterov, weightDecay } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    return {
      init: (length, precision = 'float64') => ({ step: 0, velocity: zeros(length, precision) }),
      update(gradient, { step, velocity }, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        const nextVelocity = zerosLike(velocity);
        for (let i = 0; i < next.length; i++) {
          const g = gradient[i]! + weightDecay * params[i]!;
          const v = factor * velocity[i]! + g;
          nextVelocity[i] = v;
          next[i] = params[i]! - rate * (nesterov ? g + factor * v : v);
        }
        return [next, { step: step + 1, velocity: nextVelocity }];
      },
    };
  },
};

export default momentum;

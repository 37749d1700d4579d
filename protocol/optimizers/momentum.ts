import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, decay, flag } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

export const momentumSettings = defineSettings({
  learningRate: schedule(0.1, 'Step size of each update'),
  momentum: decay(0.9, 'Decay factor of the velocity'),
  nesterov: flag(false, 'Look ahead: step along gradient + momentum * velocity'),
  weightDecay: atLeastZero(0, 'Added to the gradient, times the parameters'),
});

export type MomentumSettings = SettingsOf<typeof momentumSettings>;

export interface MomentumState {
  readonly step: number;
  readonly velocity: Vector;
}

/** v = momentum v + g; w -= rate v (nesterov: w -= rate (g + momentum v)). The rate stays outside the velocity. */
const momentum = defineOptimizer<MomentumSettings, MomentumState>({
  name: 'momentum',
  source:
    'Polyak 1964 and Nesterov 1983, in the form that keeps the rate outside the velocity (Goyal et al., "Accurate, Large ' +
    'Minibatch SGD", 2017, section 3); reconstructed, not checked against the paper.',
  settings: momentumSettings,
  create(checked) {
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
});

export default momentum;

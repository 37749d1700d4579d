import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { atLeastZero, decay, positive } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';
import { rangeNorm, tensorLayout } from './parts/tensors.js';

const settings = defineSettings({
  learningRate: schedule(1, 'Step size of each update'),
  momentum: decay(0.9, 'Decay factor of the velocity'),
  trustCoefficient: positive(0.001, "Share of a tensor's norm that one step at rate 1 may change"),
  weightDecay: atLeastZero(0, 'Added to the gradient, times the parameters'),
});

export type LarsSettings = SettingsOf<typeof settings>;

export interface LarsState {
  readonly step: number;
  readonly velocity: Vector;
}

/**
 * Tensor by tensor: ratio = trust |w| / (|g| + decay |w|), or 1 where a norm is 0; v = momentum v + rate ratio (g + decay w);
 * w -= v. Bias and normalisation vectors have ratio 1 and no decay.
 */
const lars = defineOptimizer<LarsSettings, LarsState>({
  name: 'lars',
  source:
    'You, Gitman and Ginsburg, "Large Batch Training of Convolutional Networks", 2017 (reconstructed, not checked against the paper): the rate inside the velocity, ' +
    'decay in the denominator.',
  settings,
  create(checked, segments) {
    const { momentum, trustCoefficient } = checked;
    const rateAt = scheduleOf(checked.learningRate);
    const tensorsFor = tensorLayout(segments);
    return {
      init: (length, precision = 'float64') => ({ step: 0, velocity: zeros(length, precision) }),
      update(gradient, { step, velocity }, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        const nextVelocity = zerosLike(velocity);
        for (const { start, end, isMinor } of tensorsFor(params.length)) {
          const weightDecay = isMinor ? 0 : checked.weightDecay;
          const weightNorm = rangeNorm(params, start, end);
          const gradientNorm = rangeNorm(gradient, start, end);
          const ratio =
            isMinor || weightNorm === 0 || gradientNorm === 0
              ? 1
              : (trustCoefficient * weightNorm) / (gradientNorm + weightDecay * weightNorm);
          const factor = rate * ratio;
          for (let i = start; i < end; i++) {
            const v = momentum * velocity[i]! + factor * (gradient[i]! + weightDecay * params[i]!);
            nextVelocity[i] = v;
            next[i] = params[i]! - v;
          }
        }
        return [next, { step: step + 1, velocity: nextVelocity }];
      },
    };
  },
});

export default lars;

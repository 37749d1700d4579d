import { GradswarmError } from '../errors.js';
import type { Vector } from '../method.js';
import { zeros, zerosLike } from '../numerics/vector.js';
import { schedule, scheduleOf } from '../schedules/schedule.js';
import { count, decay, probability } from '../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';
import { defineOptimizer } from './optimizer.js';

const settings = defineSettings({
  learningRate: schedule(0.7, 'Step size of N updates together'),
  momentum: decay(0.9, 'beta: decay factor of the velocity, once in N updates'),
  period: count(4, 'N: updates between two changes of the velocity'),
  activation: probability(0, 'c: share of the velocity in each update between, in [0, 1 / N]; 0: only in the Nth'),
});

export type DelayedNesterovSettings = SettingsOf<typeof settings>;

export interface DelayedNesterovState {
  readonly step: number;
  readonly velocity: Vector;
  /** Sum of the gradients since the velocity changed. */
  readonly buffer: Vector;
}

/**
 * w -= rate (c beta v + g / N) for N - 1 updates; in the Nth v = beta v + (mean of the N gradients) and
 * w -= rate ((1 - c N + c) beta v + g / N). N = 1 is Nesterov momentum.
 */
const delayedNesterov = defineOptimizer<DelayedNesterovSettings, DelayedNesterovState>({
  name: 'delayed-nesterov',
  source:
    '"Asynchronous Local-SGD Training for Language Modeling", 2024, delayed Nesterov update; reconstructed, not checked against ' +
    'the paper.',
  settings,
  create({ learningRate, momentum, period, activation }) {
    if (activation * period > 1)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `optimizer.activation: expected at most 1 / period = ${1 / period}, got ${activation}`,
      );
    const rateAt = scheduleOf(learningRate);
    return {
      init: (length, precision = 'float64') => ({
        step: 0,
        velocity: zeros(length, precision),
        buffer: zeros(length, precision),
      }),
      update(gradient, { step, velocity, buffer }, params) {
        const rate = rateAt(step);
        const last = (step + 1) % period === 0;
        const ahead = momentum * (last ? 1 - activation * (period - 1) : activation);
        const next = zerosLike(params);
        const nextVelocity = zerosLike(velocity);
        const nextBuffer = zerosLike(buffer);
        for (let i = 0; i < next.length; i++) {
          const g = gradient[i]!;
          const sum = buffer[i]! + g;
          const v = last ? momentum * velocity[i]! + sum / period : velocity[i]!;
          nextVelocity[i] = v;
          nextBuffer[i] = last ? 0 : sum;
          next[i] = params[i]! - rate * (ahead * v + g / period);
        }
        return [next, { step: step + 1, velocity: nextVelocity, buffer: nextBuffer }];
      },
    };
  },
});

export default delayedNesterov;

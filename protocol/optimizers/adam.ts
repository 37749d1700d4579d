import { z } from 'zod';
import { addScaled, zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { advance, decayFactor, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface AdamSettings {
  readonly learningRate: ScheduleSpec;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly biasCorrection: boolean;
  /** Added to the gradient, times the parameters, before the moments. */
  readonly weightDecay: number;
}

export const adamSettings = z.strictObject({
  learningRate: scheduleSpec,
  beta1: decayFactor,
  beta2: decayFactor,
  epsilon: z.number().nonnegative(),
  biasCorrection: z.boolean(),
  weightDecay: z.number().nonnegative(),
});

/** m, v: running means of g and g^2; w -= rate mhat / (sqrt(vhat) + epsilon). An entry whose root is 0 stays. */
const adam: OptimizerFamily<AdamSettings, Moments> = {
  name: 'adam',
  source: 'Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1 [M].',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, biasCorrection: true, weightDecay: 0 },
  create(settings) {
    const checked = checkSettings("optimizer 'adam'", adamSettings, settings);
    const rateAt = scheduleOf(checked.learningRate);
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2 };
    return {
      init: zeroMoments,
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const g = checked.weightDecay === 0 ? gradient : addScaled(gradient, checked.weightDecay, params);
        const into = nextMoments(state);
        const next = zerosLike(params);
        advance(g, state, into, decay, next, 0, next.length);
        for (let i = 0; i < next.length; i++) next[i] = params[i]! - rate * next[i]!;
        return [next, into];
      },
    };
  },
};

export default adam;

import { z } from 'zod';
import { zerosLike } from '../numerics/vector.js';
import { checkSettings } from '../settings-check.js';
import type { OptimizerFamily } from './optimizer.js';
import { advance, decayFactor, type Moments, nextMoments, zeroMoments } from './parts/moments.js';
import { type ScheduleSpec, scheduleOf, scheduleSpec } from './schedules.js';

export interface AdamWSettings {
  readonly learningRate: ScheduleSpec;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Shrinks the parameters directly, by rate * weightDecay. */
  readonly weightDecay: number;
}

const schema: z.ZodType<AdamWSettings> = z.strictObject({
  learningRate: scheduleSpec,
  beta1: decayFactor,
  beta2: decayFactor,
  epsilon: z.number().nonnegative(),
  weightDecay: z.number().nonnegative(),
});

/** Adam's step plus decay that does not pass through the moments: w -= rate (mhat / (sqrt(vhat) + epsilon) + decay w). */
const adamw: OptimizerFamily<AdamWSettings, Moments> = {
  name: 'adamw',
  source: 'Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2 [M].',
  defaults: { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  create(settings) {
    const checked = checkSettings("optimizer 'adamw'", schema, settings);
    const rateAt = scheduleOf(checked.learningRate);
    const { weightDecay } = checked;
    const decay = { ...checked, meanDecay: checked.beta1, squareDecay: checked.beta2, biasCorrection: true };
    return {
      init: zeroMoments,
      update(gradient, state, params) {
        const rate = rateAt(state.step);
        const into = nextMoments(state);
        const next = zerosLike(params);
        advance(gradient, state, into, decay, next, 0, next.length);
        for (let i = 0; i < next.length; i++) next[i] = params[i]! - rate * (next[i]! + weightDecay * params[i]!);
        return [next, into];
      },
    };
  },
};

export default adamw;
